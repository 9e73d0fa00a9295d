"""Create trigger tr_cc_suppression_listed."""

from __future__ import annotations

from web.migrations.steps import sqlite_only

revision = "m0103"
down_revision = "m0102"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    sqlite_only("""CREATE TRIGGER tr_cc_suppression_listed AFTER INSERT ON cc_suppression
BEGIN UPDATE cc_subject SET standing = standing | 16 WHERE subject_ref IN (SELECT b.subject_ref FROM cc_blind_index b
                  WHERE b.field_number = NEW.field_number AND b.gen = NEW.gen AND b.bidx = NEW.bidx); END""")


def downgrade() -> None:
    """Take it back."""
    sqlite_only("DROP TRIGGER tr_cc_suppression_listed")
