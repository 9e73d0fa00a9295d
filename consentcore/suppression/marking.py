"""On SQLite the database itself marks whoever is reached at a listed contact point, so that decisions need not look.

There is one writer at a time there, so that whichever of the two rows comes second finds the first. On a server two
units may write one each without seeing the other's; there a decision looks into the list itself (`consent.lookup`).
"""

from __future__ import annotations

from sqlalchemy import DDL, Table, event

from consentcore.crypto.tables import INDEX
from consentcore.subjects.standing import Standing
from consentcore.suppression.tables import SuppressionEntry

# ruff: noqa: S608 - numbers and names of our own
_MARK = f"UPDATE cc_subject SET standing = standing | {int(Standing.LISTED)} WHERE subject_ref"
ON_INDEX = f"""CREATE TRIGGER tr_cc_blind_index_listed AFTER INSERT ON cc_blind_index
WHEN EXISTS (SELECT 1 FROM cc_suppression p
             WHERE p.bidx = NEW.bidx AND p.gen = NEW.gen AND p.field_number = NEW.field_number)
BEGIN {_MARK} = NEW.subject_ref; END"""
ON_LIST = f"""CREATE TRIGGER tr_cc_suppression_listed AFTER INSERT ON cc_suppression
BEGIN {_MARK} IN (SELECT b.subject_ref FROM cc_blind_index b
                  WHERE b.field_number = NEW.field_number AND b.gen = NEW.gen AND b.bidx = NEW.bidx); END"""
_LIST: Table = SuppressionEntry.__table__  # type: ignore[assignment]

for _table, _text in ((INDEX, ON_INDEX), (_LIST, ON_LIST)):
    event.listen(_table, "after_create", DDL(_text).execute_if(dialect="sqlite"))  # type: ignore[no-untyped-call]
