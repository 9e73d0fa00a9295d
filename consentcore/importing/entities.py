"""The entities that this version imports, by the name under which mappings call them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from consentcore.importing.contact_entity import ContactEntity
from consentcore.importing.entity import Entity
from consentcore.importing.targets import CONTACT, TRANSACTION
from consentcore.importing.transaction_entity import TransactionEntity

_CONTACT: Entity[Any] = ContactEntity()
_TRANSACTION: Entity[Any] = TransactionEntity()
ENTITIES: Mapping[str, Entity[Any]] = MappingProxyType({CONTACT: _CONTACT, TRANSACTION: _TRANSACTION})
