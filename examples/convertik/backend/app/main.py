import logging
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.api import convert, events, health, metrics, slow, summary
from app.cache import redis
from app.config import settings
from app.database import engine
from app.headers import VersionHeader
from app.version import VERSION

logging.basicConfig(level=settings.log_level, format="%(levelname)s: %(name)s: %(message)s")


@asynccontextmanager
async def lifespan(_: FastAPI):
    yield
    await engine.dispose()
    await redis.aclose()


api = FastAPI(title="Convertik", version=VERSION, lifespan=lifespan)
for module in (health, summary, metrics, convert, events, slow):
    api.include_router(module.router)

# Around the whole application, so that answers to unhandled errors carry the header too.
app = VersionHeader(api)
