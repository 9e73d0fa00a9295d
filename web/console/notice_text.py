"""The text of an information notice as blocks that a page can show; paper shows the same ones."""

from __future__ import annotations

from registry.documents.notice_text import Block, blocks

__all__ = ["Block", "blocks"]
