"""Create index ix_cc_contact_point_contact_id."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0058"
down_revision = "m0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_contact_point_contact_id", "cc_contact_point", ["contact_id"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_contact_point_contact_id",
        "cc_contact_point",
        foreign_key=("fk_cc_contact_point_contact_id", ["contact_id"]),
    )
