"""Create cc_restriction."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0052"
down_revision = "m0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_restriction",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("ground", columns.code(32), nullable=False),
        sa.Column("request_id", columns.Ref(), nullable=True),
        sa.Column("placed_at", columns.UTCDateTime(), nullable=False),
        sa.Column("informed_at", columns.UTCDateTime(), nullable=True),
        sa.Column("lifted_at", columns.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_restriction_subject_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_restriction"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_restriction")
