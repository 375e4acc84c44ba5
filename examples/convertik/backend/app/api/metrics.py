from datetime import UTC, datetime, timedelta
from typing import Literal

from fastapi import APIRouter
from sqlalchemy import func, select

from app import cache
from app.config import settings
from app.database import engine
from app.models import events
from app.version import VERSION

router = APIRouter(prefix="/api/v1/stats")

DAYS = {"day": 1, "week": 7, "month": 30}


@router.get("/metrics")
async def metrics(period: Literal["day", "week", "month"] = "day") -> dict:
    key = f"metrics:{VERSION}:{period}"
    [answer] = await cache.get(key)
    if answer is None:
        answer = await read_metrics(period)
        await cache.put(key, answer, settings.stats_cache_seconds)
    return answer


async def read_metrics(period: str) -> dict:
    since = datetime.now(UTC) - timedelta(days=DAYS[period])
    by_kind = (
        select(events.c.kind, func.count())
        .where(events.c.created_at >= since)
        .group_by(events.c.kind)
        .order_by(events.c.kind)
    )
    async with engine.connect() as connection:
        rows = await connection.execute(by_kind)
        return {"period": period, "since": since.isoformat(), "events": {kind: count for kind, count in rows}}
