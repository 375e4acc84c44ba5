import sqlite3

from telegram.ext import Application


def main() -> None:
    application = Application.builder().token("from the environment").build()
    application.run_polling()


main()
