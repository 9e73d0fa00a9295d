"""The headers that every answer of a machine's face carries: nothing is kept, framed, sniffed or passed on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ALWAYS: Mapping[str, str] = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
)
_OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}


def security_headers(base_url: str) -> dict[str, str]:
    """Return the headers for a service reached at `base_url`."""
    return {**ALWAYS, **(_OVER_TLS if base_url.startswith("https://") else {})}
