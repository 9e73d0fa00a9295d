"""Create index ix_cc_outbox_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0018"
down_revision = "m0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_outbox_subject_ref", "cc_outbox", ["subject_ref"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_outbox_subject_ref", "cc_outbox")
