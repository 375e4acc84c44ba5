from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.config import settings

engine = create_async_engine(
    settings.database_url,
    pool_size=10,
    max_overflow=10,
    pool_timeout=5,
    pool_pre_ping=True,
    connect_args={"connect_timeout": 3},
)


async def migration_revision() -> str | None:
    """The Alembic revision the database is at; None before the first migration."""
    async with engine.connect() as connection:
        if await connection.scalar(select(func.to_regclass("alembic_version"))) is None:
            return None
        return await connection.scalar(text("SELECT version_num FROM alembic_version"))
