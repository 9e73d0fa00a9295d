"""Add deceased_on to cc_subject."""

from __future__ import annotations

import sqlalchemy as sa

from web.migrations.steps import add_column, drop_column

revision = "m0084"
down_revision = "m0083"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    add_column("cc_subject", sa.Column("deceased_on", sa.Date(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    drop_column("cc_subject", "deceased_on")
