"""The tests need DATABASE_URL and REDIS_URL of a real PostgreSQL and Redis made for them: the tables are emptied."""

import subprocess
import sys
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

BACKEND = Path(__file__).parent.parent
sys.path.insert(0, str(BACKEND))


def alembic(*arguments: str) -> str:
    command = [sys.executable, "-m", "alembic", *arguments]
    return subprocess.run(command, cwd=BACKEND, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def database() -> None:
    alembic("downgrade", "base")
    alembic("upgrade", "head")


@pytest.fixture(scope="session")
def client(database: None):
    from app.main import app

    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
