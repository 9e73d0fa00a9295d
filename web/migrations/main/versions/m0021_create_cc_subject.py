"""Create cc_subject."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0021"
down_revision = "m0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_subject",
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("created_at", columns.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("subject_ref", name="pk_cc_subject"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_subject")
