"""index for the metrics of a period

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_events_created_at_kind", "events", ["created_at", "kind"])


def downgrade() -> None:
    op.drop_index("ix_events_created_at_kind", table_name="events")
