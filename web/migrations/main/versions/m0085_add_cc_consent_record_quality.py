"""Add quality to cc_consent_record."""

from __future__ import annotations

import sqlalchemy as sa

from web.migrations.steps import add_column, drop_column

revision = "m0085"
down_revision = "m0084"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    add_column(
        "cc_consent_record", sa.Column("quality", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )


def downgrade() -> None:
    """Take it back."""
    drop_column("cc_consent_record", "quality")
