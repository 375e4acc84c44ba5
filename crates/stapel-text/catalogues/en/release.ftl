### release
