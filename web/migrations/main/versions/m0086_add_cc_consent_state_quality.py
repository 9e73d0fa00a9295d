"""Add quality to cc_consent_state."""

from __future__ import annotations

import sqlalchemy as sa

from web.migrations.steps import add_column, drop_column

revision = "m0086"
down_revision = "m0085"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    add_column("cc_consent_state", sa.Column("quality", sa.SmallInteger(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    """Take it back."""
    drop_column("cc_consent_state", "quality")
