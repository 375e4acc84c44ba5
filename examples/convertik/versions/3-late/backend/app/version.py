VERSION = "3-late"
