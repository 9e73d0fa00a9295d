"""Create cc_objection."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0040"
down_revision = "m0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_objection",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("purpose", columns.code(64), nullable=False),
        sa.Column("state", columns.code(16), nullable=False),
        sa.Column("request_id", columns.Ref(), nullable=True),
        sa.Column("objected_at", columns.UTCDateTime(), nullable=False),
        sa.Column("decided_at", columns.UTCDateTime(), nullable=True),
        sa.Column("lifted_at", columns.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_objection_subject_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_objection"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_objection")
