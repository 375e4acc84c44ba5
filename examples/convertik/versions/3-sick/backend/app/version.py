VERSION = "3-sick"
