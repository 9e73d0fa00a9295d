"""Create index ix_cc_session_expires_at."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0072"
down_revision = "m0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_session_expires_at", "cc_session", ["expires_at"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_session_expires_at", "cc_session")
