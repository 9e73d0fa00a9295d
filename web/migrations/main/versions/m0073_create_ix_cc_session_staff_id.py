"""Create index ix_cc_session_staff_id."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0073"
down_revision = "m0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_session_staff_id", "cc_session", ["staff_id"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_session_staff_id", "cc_session", foreign_key=("fk_cc_session_staff_id", ["staff_id"]))
