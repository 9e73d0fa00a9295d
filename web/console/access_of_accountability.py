"""Access rules of the pages about the register, the log and retention."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from web.security.permissions import Permission

ACCESS: Mapping[str, Permission] = MappingProxyType(
    {
        "register.page": Permission.REGISTER_READ,
        "register.activity": Permission.REGISTER_READ,
        "register.export": Permission.REGISTER_READ,
        "retention.page": Permission.RETENTION_READ,
        "retention.run": Permission.RETENTION_RUN,
        "log.page": Permission.LOG_READ,
        "log.verify": Permission.LOG_READ,
        "log.checkpoint": Permission.LOG_READ,
        "log.vkey": Permission.LOG_READ,
        "receipt_check.page": Permission.LOG_READ,
        "receipt_check.check": Permission.LOG_READ,
    }
)
