import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    database_url: str
    redis_url: str
    base_currency: str
    rate_cache_seconds: int
    stats_cache_seconds: int
    log_level: str


settings = Settings(
    database_url=os.environ["DATABASE_URL"],
    redis_url=os.environ["REDIS_URL"],
    base_currency=os.environ.get("BASE_CURRENCY", "USD"),
    rate_cache_seconds=int(os.environ.get("RATE_CACHE_SECONDS", "60")),
    stats_cache_seconds=int(os.environ.get("STATS_CACHE_SECONDS", "2")),
    log_level=os.environ.get("LOG_LEVEL", "INFO"),
)
