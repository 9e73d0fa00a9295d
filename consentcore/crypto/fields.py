"""Sealed columns: declared here, sealed by the flush or by `seal_rows`, opened by `reveal` and `reveal_rows`."""

from __future__ import annotations

from consentcore.crypto.flushing import attach
from consentcore.crypto.pending import Pending, PlaintextRefused
from consentcore.crypto.revealing import raw_ref, reveal, reveal_rows
from consentcore.crypto.sealedtext import REGISTRY, SealedText, register_document, register_field, sealed, sealed_check
from consentcore.crypto.sealing import seal_rows

__all__ = [
    "REGISTRY",
    "Pending",
    "PlaintextRefused",
    "SealedText",
    "attach",
    "raw_ref",
    "register_document",
    "register_field",
    "reveal",
    "reveal_rows",
    "seal_rows",
    "sealed",
    "sealed_check",
]
