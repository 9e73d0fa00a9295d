"""Create index ix_cc_code_session_sha256."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0075"
down_revision = "m0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_code_session_sha256", "cc_code", ["session_sha256", "used_for"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_code_session_sha256", "cc_code")
