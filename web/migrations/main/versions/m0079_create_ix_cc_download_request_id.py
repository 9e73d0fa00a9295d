"""Create index ix_cc_download_request_id."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0079"
down_revision = "m0078"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_download_request_id", "cc_download", ["request_id"])


def downgrade() -> None:
    """Take it back."""
    drop_index("ix_cc_download_request_id", "cc_download", foreign_key=("fk_cc_download_request_id", ["request_id"]))
