"""Create index ix_cc_consent_record_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0028"
down_revision = "m0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_consent_record_subject_ref", "cc_consent_record", ["subject_ref", "purpose", "channel", "at"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_consent_record_subject_ref",
        "cc_consent_record",
        foreign_key=("fk_cc_consent_record_subject_ref", ["subject_ref"]),
    )
