"""Create cc_keyring_state."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "k0004"
down_revision = "k0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_keyring_state",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("installation_id", columns.Ref(), nullable=False),
        sa.Column("version", columns.BigCounter, nullable=False),
        sa.Column("initialised_at", columns.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cc_keyring_state"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_keyring_state")
