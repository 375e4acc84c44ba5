VERSION = "3-broken"
