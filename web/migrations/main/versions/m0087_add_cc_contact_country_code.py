"""Add country_code to cc_contact."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import add_column, drop_column

revision = "m0087"
down_revision = "m0086"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    add_column("cc_contact", sa.Column("country_code", columns.code(2), nullable=True))


def downgrade() -> None:
    """Take it back."""
    drop_column("cc_contact", "country_code")
