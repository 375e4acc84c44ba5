import time

from fastapi import APIRouter
from sqlalchemy import func, select

from app import cache
from app.config import settings
from app.database import engine
from app.models import events, rates
from app.version import VERSION

router = APIRouter(prefix="/api/v1/stats")

# The version is part of the key: another version may have another answer.
CACHE_KEY = f"summary:{VERSION}"

LEASE_SECONDS = 6
LEASE_ENDS = time.monotonic() + LEASE_SECONDS


@router.get("/summary")
async def summary() -> dict:
    # The fault of this version: the lease taken at start-up is never renewed.
    if time.monotonic() > LEASE_ENDS:
        raise RuntimeError("the lease on the statistics has run out")
    [answer] = await cache.get(CACHE_KEY)
    if answer is None:
        answer = await read_summary()
        await cache.put(CACHE_KEY, answer, settings.stats_cache_seconds)
    return answer


async def read_summary() -> dict:
    async with engine.connect() as connection:
        currencies = await connection.scalar(select(func.count()).select_from(rates))
        counted = await connection.execute(select(func.count(), func.max(events.c.created_at)).select_from(events))
        by_source = await connection.execute(
            select(events.c.source, func.count())
            .where(events.c.source.is_not(None))
            .group_by(events.c.source)
            .order_by(events.c.source)
        )
    count, last = counted.one()
    return {
        "base_currency": settings.base_currency,
        "currencies": currencies,
        "events": count,
        "last_event_at": last and last.isoformat(),
        "sources": {source: total for source, total in by_source},
    }
