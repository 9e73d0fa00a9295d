"""Create cc_call."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0090"
down_revision = "m0089"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_call",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("purpose", columns.code(64), nullable=False),
        sa.Column("direction", columns.code(16), nullable=False),
        sa.Column("outcome", columns.code(16), nullable=False),
        sa.Column("at", columns.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_call_subject_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_call"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_call")
