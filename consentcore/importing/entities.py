"""The entities that this version imports, by the name under which mappings call them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from consentcore.importing.consent_entity import ConsentEntity
from consentcore.importing.contact_entity import ContactEntity
from consentcore.importing.entity import Entity
from consentcore.importing.targets import CONSENT, CONTACT, TRANSACTION
from consentcore.importing.transaction_entity import TransactionEntity

_CONTACT: Entity[Any] = ContactEntity()
_TRANSACTION: Entity[Any] = TransactionEntity()
_CONSENT: Entity[Any] = ConsentEntity()
ENTITIES: Mapping[str, Entity[Any]] = MappingProxyType(
    {CONTACT: _CONTACT, TRANSACTION: _TRANSACTION, CONSENT: _CONSENT}
)
