"""Create index ix_cc_contact_point_subject_ref."""

from __future__ import annotations

from web.migrations.steps import create_index, drop_index

revision = "m0059"
down_revision = "m0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    create_index("ix_cc_contact_point_subject_ref", "cc_contact_point", ["subject_ref"])


def downgrade() -> None:
    """Take it back."""
    drop_index(
        "ix_cc_contact_point_subject_ref",
        "cc_contact_point",
        foreign_key=("fk_cc_contact_point_subject_ref", ["subject_ref"]),
    )
