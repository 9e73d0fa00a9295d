"""Create cc_external_id."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0037"
down_revision = "m0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_external_id",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=False),
        sa.Column("system", columns.code(64), nullable=False),
        sa.Column("entity", columns.code(32), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("bidx", columns.Digest(16), nullable=False),
        sa.Column("value", columns.Blob(), nullable=True),
        sa.Column("row_id", columns.Ref(), nullable=False),
        sa.ForeignKeyConstraint(["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_external_id_subject_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_external_id"),
        sa.UniqueConstraint("system", "entity", "generation", "bidx", name="uq_cc_external_id_system"),
        sealed_check("value", "ck_cc_external_id_value_sealed"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_external_id")
