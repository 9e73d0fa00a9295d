"""Create cc_request_item."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0060"
down_revision = "m0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_request_item",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("request_id", columns.Ref(), nullable=False),
        sa.Column("store", columns.code(64), nullable=False),
        sa.Column("ref", columns.Ref(), nullable=True),
        sa.Column("field", columns.code(64), nullable=False),
        sa.Column("outcome", columns.code(16), nullable=False),
        sa.Column("ground", columns.code(500), nullable=True),
        sa.Column("article", columns.code(32), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("until_event", columns.code(64), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["cc_request.id"], name="fk_cc_request_item_request_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_request_item"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_request_item")
