import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

router = APIRouter(prefix="/api/v1")


@router.get("/slow")
async def slow(seconds: Annotated[float, Query(ge=0, le=10)]) -> dict:
    await asyncio.sleep(seconds)
    return {"seconds": seconds}
