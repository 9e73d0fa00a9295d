"""Which generations of the index key the opposition list still needs: nothing on it can be hashed again."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consentcore.suppression.tables import SuppressionEntry


def entries_by_generation(session: Session) -> dict[int, int]:
    """Count the entries under each generation, lifted ones too: the past is answered as it was (Art. 5(2))."""
    query = select(SuppressionEntry.gen, func.count()).group_by(SuppressionEntry.gen)
    return {row[0]: row[1] for row in session.execute(query)}
