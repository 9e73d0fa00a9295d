"""Access rules of the pages about one request: itself, its identity, plan, execution, refusal, the name behind it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from web.security.permissions import Permission

ACCESS: Mapping[str, Permission] = MappingProxyType(
    {
        "request.page": Permission.REQUESTS_READ,
        "request.certificate": Permission.REQUESTS_READ,
        "reveal.show": Permission.PERSONS_REVEAL,
        "reveal.hide": Permission.PERSONS_REVEAL,
        "verification.page": Permission.REQUESTS_HANDLE,
        "verification.submit": Permission.REQUESTS_HANDLE,
        "plan.page": Permission.REQUESTS_READ,
        "plan.make": Permission.REQUESTS_HANDLE,
        "plan.approve": Permission.ERASURE_APPROVE,
        "execution.start": Permission.REQUESTS_EXECUTE,
        "execution.page": Permission.REQUESTS_READ,
        "execution.state": Permission.REQUESTS_READ,
        "refusal.page": Permission.REQUESTS_HANDLE,
        "refusal.submit": Permission.REQUESTS_HANDLE,
    }
)
