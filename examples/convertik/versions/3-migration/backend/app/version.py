VERSION = "3-migration"
