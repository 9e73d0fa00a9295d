"""Create cc_request_step."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0063"
down_revision = "m0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_request_step",
        sa.Column("request_id", columns.Ref(), nullable=False),
        sa.Column("step", columns.code(64), nullable=False),
        sa.Column("done_at", columns.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["cc_request.id"], name="fk_cc_request_step_request_id"),
        sa.PrimaryKeyConstraint("request_id", "step", name="pk_cc_request_step"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_request_step")
