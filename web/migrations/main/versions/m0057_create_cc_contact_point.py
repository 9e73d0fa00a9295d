"""Create cc_contact_point."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0057"
down_revision = "m0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_contact_point",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("contact_id", columns.Ref(), nullable=False),
        sa.Column("kind", columns.code(16), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("value", columns.Blob(), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["cc_contact.id"], name="fk_cc_contact_point_contact_id"),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_contact_point_subject_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_contact_point"),
        sealed_check("value", "ck_cc_contact_point_value_sealed"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_contact_point")
