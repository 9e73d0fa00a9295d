"""Create cc_request_transition."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table, sealed_check

revision = "m0064"
down_revision = "m0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_request_transition",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("request_id", columns.Ref(), nullable=False),
        sa.Column("subject_ref", columns.Ref(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("from_status", columns.code(16), nullable=True),
        sa.Column("to_status", columns.code(16), nullable=False),
        sa.Column("at", columns.UTCDateTime(), nullable=False),
        sa.Column("content", columns.Blob(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["cc_request.id"], name="fk_cc_request_transition_request_id"),
        sa.ForeignKeyConstraint(
            ["subject_ref"], ["cc_subject.subject_ref"], name="fk_cc_request_transition_subject_ref"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_cc_request_transition"),
        sa.UniqueConstraint("request_id", "position", name="uq_cc_request_transition_request_id_position"),
        sealed_check("content", "ck_cc_request_transition_content_sealed"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_request_transition")
