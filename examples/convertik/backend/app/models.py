from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, MetaData, Numeric, String, Table, func

metadata = MetaData()

rates = Table(
    "rates",
    metadata,
    Column("currency", String(3), primary_key=True),
    Column("per_usd", Numeric(20, 8), nullable=False),
    Column("updated_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
)

# client_id is chosen by the client and not unique: an event sent twice is two rows.
events = Table(
    "events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("client_id", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("created_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    Index("ix_events_client_id", "client_id"),
    Index("ix_events_created_at_kind", "created_at", "kind"),
)
