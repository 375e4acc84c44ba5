"""rates

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UNITS_PER_USD = {
    "USD": "1",
    "EUR": "0.92",
    "GBP": "0.79",
    "CHF": "0.88",
    "JPY": "151.5",
    "CNY": "7.24",
    "KZT": "447.1",
    "RUB": "92.4",
}


def upgrade() -> None:
    rates = op.create_table(
        "rates",
        sa.Column("currency", sa.String(3), primary_key=True),
        sa.Column("per_usd", sa.Numeric(20, 8), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.bulk_insert(
        rates,
        [{"currency": currency, "per_usd": units} for currency, units in UNITS_PER_USD.items()],
    )


def downgrade() -> None:
    op.drop_table("rates")
