import json
import logging
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.config import settings

logger = logging.getLogger(__name__)

redis = Redis.from_url(settings.redis_url, socket_connect_timeout=2, socket_timeout=2)


async def get(*keys: str) -> list[Any]:
    """The cached values, None where there is none. The cache is no reason to fail: without Redis all are None."""
    try:
        found = await redis.mget(keys)
    except RedisError as error:
        logger.warning("cache not readable: %s", error)
        return [None] * len(keys)
    return [None if value is None else json.loads(value) for value in found]


async def put(key: str, value: Any, seconds: int) -> None:
    try:
        await redis.set(key, json.dumps(value), ex=seconds)
    except RedisError as error:
        logger.warning("cache not writable: %s", error)
