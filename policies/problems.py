"""What is wrong with a set of policies, as a sentence with its article."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not fit: the article that it offends, the file, and a sentence with the way out."""

    article: str
    where: str
    sentence: str

    def __str__(self) -> str:
        """The problem as one line."""
        return f"{self.where}: {self.sentence} (Art. {self.article})"
