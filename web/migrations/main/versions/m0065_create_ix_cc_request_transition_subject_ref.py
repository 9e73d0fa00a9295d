"""Create index ix_cc_request_transition_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0065"
down_revision = "m0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_request_transition_subject_ref", "cc_request_transition", ["subject_ref"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_request_transition_subject_ref",
        "cc_request_transition",
        foreign_key=("fk_cc_request_transition_subject_ref", ["subject_ref"]),
    )
