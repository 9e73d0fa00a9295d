"""${message}."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_index, create_table, drop_index, drop_table

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    ${upgrades or "raise NotImplementedError"}


def downgrade() -> None:
    """Take it back."""
    ${downgrades or "raise NotImplementedError"}
