"""Create index ix_cc_attempt_began_at."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0077"
down_revision = "m0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_attempt_began_at", "cc_attempt", ["began_at"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_attempt_began_at", "cc_attempt")
