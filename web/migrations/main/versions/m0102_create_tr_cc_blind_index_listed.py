"""Create trigger tr_cc_blind_index_listed."""

from __future__ import annotations

from web.migrations.steps import sqlite_only

revision = "m0102"
down_revision = "m0101"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the one step."""
    sqlite_only("""CREATE TRIGGER tr_cc_blind_index_listed AFTER INSERT ON cc_blind_index
WHEN EXISTS (SELECT 1 FROM cc_suppression p
             WHERE p.bidx = NEW.bidx AND p.gen = NEW.gen AND p.field_number = NEW.field_number)
BEGIN UPDATE cc_subject SET standing = standing | 16 WHERE subject_ref = NEW.subject_ref; END""")


def downgrade() -> None:
    """Take it back."""
    sqlite_only("DROP TRIGGER tr_cc_blind_index_listed")
