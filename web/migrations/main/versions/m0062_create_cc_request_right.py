"""Create cc_request_right."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0062"
down_revision = "m0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_request_right",
        sa.Column("request_id", columns.Ref(), nullable=False),
        sa.Column("right", columns.code(16), nullable=False),
        sa.Column("scope", columns.code(64), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["cc_request.id"], name="fk_cc_request_right_request_id"),
        sa.PrimaryKeyConstraint("request_id", "right", name="pk_cc_request_right"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_request_right")
