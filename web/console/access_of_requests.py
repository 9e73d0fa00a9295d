"""Access rules of the pages about requests: today, the queue, search, intake."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from web.security.permissions import Permission

ACCESS: Mapping[str, Permission] = MappingProxyType(
    {
        "today.page": Permission.OVERVIEW,
        "requests.page": Permission.REQUESTS_READ,
        "requests.export": Permission.REQUESTS_READ,
        "search.submit": Permission.REQUESTS_READ,
        "intake.page": Permission.REQUESTS_HANDLE,
        "intake.submit": Permission.REQUESTS_HANDLE,
    }
)
