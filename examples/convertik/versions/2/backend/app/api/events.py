from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints
from sqlalchemy import func, insert, select

from app.database import engine
from app.models import events
from app.version import VERSION

router = APIRouter(prefix="/api/v1/events")

# PostgreSQL's text cannot hold a NUL character.
Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00]+$")]


class Event(BaseModel):
    id: Name
    kind: Name
    source: Literal["android", "ios", "web"] | None = None


@router.post("", status_code=201)
async def create(event: Event) -> dict:
    async with engine.begin() as connection:
        await connection.execute(insert(events).values(client_id=event.id, kind=event.kind, source=event.source))
    return {"id": event.id, "version": VERSION}


@router.get("/count")
async def count() -> dict:
    async with engine.connect() as connection:
        total, distinct = (
            await connection.execute(
                select(func.count(), func.count(events.c.client_id.distinct())).select_from(events)
            )
        ).one()
    return {"count": total, "distinct": distinct}
