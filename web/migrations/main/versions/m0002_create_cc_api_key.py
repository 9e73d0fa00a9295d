"""Create cc_api_key."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0002"
down_revision = "m0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_api_key",
        sa.Column("id", columns.code(12), nullable=False),
        sa.Column("name", columns.code(100), nullable=False),
        sa.Column("scopes", columns.code(400), nullable=False),
        sa.Column("secret_sha256", columns.Digest(32), nullable=False),
        sa.Column("created_at", columns.UTCDateTime(), nullable=False),
        sa.Column("revoked_at", columns.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_cc_api_key"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_api_key")
