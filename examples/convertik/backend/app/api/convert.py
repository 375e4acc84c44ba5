from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy import select

from app import cache
from app.config import settings
from app.database import engine
from app.models import rates

router = APIRouter(prefix="/api/v1")

Currency = Annotated[str, Query(pattern="^[A-Z]{3}$")]


@router.get("/convert")
async def convert(
    amount: Annotated[Decimal, Query(ge=0, le=10**12)],
    source: Annotated[Currency, Query(alias="from")],
    target: Annotated[Currency, Query(alias="to")],
) -> dict:
    per_usd = await read_rates(source, target)
    rate = per_usd[target] / per_usd[source]
    return {
        "amount": str(amount),
        "from": source,
        "to": target,
        "rate": str(round(rate, 8)),
        "result": str(round(amount * rate, 2)),
    }


async def read_rates(*currencies: str) -> dict[str, Decimal]:
    cached = await cache.get(*(f"rate:{currency}" for currency in currencies))
    found = {currency: Decimal(rate) for currency, rate in zip(currencies, cached, strict=True) if rate is not None}
    missing = set(currencies) - found.keys()
    if missing:
        async with engine.connect() as connection:
            rows = await connection.execute(
                select(rates.c.currency, rates.c.per_usd).where(rates.c.currency.in_(missing))
            )
            for currency, rate in rows:
                found[currency] = rate
                await cache.put(f"rate:{currency}", str(rate), settings.rate_cache_seconds)
    for currency in currencies:
        if currency not in found:
            raise HTTPException(404, f"no rate for {currency}")
    return found
