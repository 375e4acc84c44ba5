"""the channel of an event, filled in from its source

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # An index made CONCURRENTLY cannot be in a transaction, so what is in this block stays if the rest fails.
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE events ADD COLUMN IF NOT EXISTS channel varchar(32)")
        op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_events_channel ON events (channel)")
    # The fault of this version: there is no column "sources", so the migration ends half way.
    op.execute("UPDATE events SET channel = sources WHERE channel IS NULL")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_events_channel")
    op.execute("ALTER TABLE events DROP COLUMN IF EXISTS channel")
