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


def page_headers(base_url: str, *, scripts: bool) -> dict[str, str]:
    """Return the headers of every page: nothing inline, nothing from elsewhere, no framing, no scripts but our own.

    The referrer stays within this site, because a form that hides its origin could not be told from a foreign one.
    """
    policy = [
        "default-src 'none'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
        *(["script-src 'self'", "connect-src 'self'"] if scripts else []),
    ]
    return {
        **security_headers(base_url),
        "Content-Security-Policy": "; ".join(policy),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "Referrer-Policy": "same-origin",
    }
