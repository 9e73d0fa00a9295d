"""Add carried to cc_keyring."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import add_column, drop_column

revision = "k0007"
down_revision = "k0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    add_column("cc_keyring", sa.Column("carried", columns.Blob(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    drop_column("cc_keyring", "carried")
