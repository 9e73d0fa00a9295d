"""Create cc_download."""

from __future__ import annotations

import sqlalchemy as sa

from consentcore import columns
from web.migrations.steps import create_table, drop_table

revision = "m0078"
down_revision = "m0077"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_table(
        "cc_download",
        sa.Column("id", columns.Ref(), nullable=False),
        sa.Column("request_id", columns.Ref(), nullable=False),
        sa.Column("kind", columns.code(16), nullable=False),
        sa.Column("package_sha256", columns.Hex64, nullable=False),
        sa.Column("at", columns.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["cc_request.id"], name="fk_cc_download_request_id"),
        sa.PrimaryKeyConstraint("id", name="pk_cc_download"),
    )


def downgrade() -> None:
    """Take it back."""
    drop_table("cc_download")
