"""Saying through which table the rows of another belong to persons, for tables without a `subject_ref` of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SUBJECT_LINK = "subject_link"
"""Key of `Table.info` under which a table names its `SubjectLink`."""


@dataclass(frozen=True, slots=True)
class SubjectLink:
    """A row belongs to the persons whose rows of `table` name it: `table.column` = `key` of the row.

    `table` stands in the same metadata and carries a `subject_ref`.
    """

    table: str
    column: str
    key: str = "id"


def linked_by(table: str, column: str, *, key: str = "id") -> dict[str, Any]:
    """Declare a link, for `Table.info`: `{"info": linked_by("guest", "booking_id")}` among `__table_args__`.

    What persons may not be used for a purpose is then hidden in the linked table as well (Art. 5(1)(b)).
    """
    return {SUBJECT_LINK: SubjectLink(table, column, key)}
