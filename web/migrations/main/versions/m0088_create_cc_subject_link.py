"""Create cc_subject_link."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0088"
down_revision = "m0087"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_subject_link",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("other_ref", columns.Ref(), nullable=False),
        sa.Column("linked_at", columns.UTCDateTime(), nullable=False),
        sa.Column("unlinked_at", columns.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["other_ref"], ["cc_subject.subject_ref"], name="fk_cc_subject_link_other_ref"),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_subject_link_subject_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_subject_link"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_subject_link")
