"""Access rules of the pages about one person's consent and about decisions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from web.security.permissions import Permission

ACCESS: Mapping[str, Permission] = MappingProxyType(
    {
        "people.page": Permission.CONSENTS_READ,
        "people.find": Permission.CONSENTS_READ,
        "people.notice": Permission.CONSENTS_READ,
        "person.page": Permission.CONSENTS_READ,
        "person.reveal": Permission.PERSONS_REVEAL,
        "person.mask": Permission.PERSONS_REVEAL,
        "person.proof": Permission.CONSENTS_READ,
        "person.proof_pdf": Permission.CONSENTS_READ,
        # a receipt holds the address that a person consented under
        "person.receipt": Permission.PERSONS_REVEAL,
        "decision.page": Permission.CONSENTS_READ,
        "decision.ask": Permission.CONSENTS_READ,
    }
)
