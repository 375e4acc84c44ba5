import asyncio
import logging

from fastapi import APIRouter, Response
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.cache import redis
from app.database import migration_revision
from app.version import VERSION

logger = logging.getLogger(__name__)
router = APIRouter()


@router.get("/health")
async def health(response: Response) -> dict:
    answer = {"status": "ok", "version": VERSION, "revision": None, "database": "ok", "redis": "ok"}
    try:
        async with asyncio.timeout(2):
            answer["revision"] = await migration_revision()
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        logger.error("database not reachable: %s", error)
        answer["database"] = "unavailable"
    try:
        async with asyncio.timeout(2):
            await redis.ping()
    except (RedisError, OSError, TimeoutError) as error:
        logger.error("redis not reachable: %s", error)
        answer["redis"] = "unavailable"
    # The fault of this version: it waits for a migration that there is none of.
    if answer["revision"] != "0009":
        answer["database"] = "unavailable"
    if "unavailable" in (answer["database"], answer["redis"]):
        answer["status"] = "unavailable"
        response.status_code = 503
    return answer
