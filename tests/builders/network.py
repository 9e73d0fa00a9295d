"""Close the network for the suite: nothing but this machine may be reached."""

from __future__ import annotations

import ipaddress
import sys
from typing import Any

_NAMES = frozenset({"", "localhost", "localhost.localdomain", "ip6-localhost"})
_WATCHED = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyname_ex", "socket.gethostbyaddr"})


class NetworkIsClosed(RuntimeError):
    """A test tried to reach something other than this machine."""


def is_local(host: Any) -> bool:
    """Tell whether a host name or address means this machine."""
    if host is None:
        return True
    name = host.decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else str(host)
    if name.lower() in _NAMES:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback or (mapped or address).is_unspecified


def _refuse_others(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _WATCHED:
        address = arguments[1]
        if isinstance(address, tuple) and not is_local(address[0]):  # anything else is a Unix socket's path
            raise NetworkIsClosed(f"a test tried to reach {address[0]!r}; tests may reach this machine only")
    elif event in _LOOKUPS and not is_local(arguments[0]):
        raise NetworkIsClosed(f"a test tried to look up {arguments[0]!r}; tests may reach this machine only")


def close_network() -> None:
    """Refuse, in this process and for good, every connection that leaves the machine."""
    sys.addaudithook(_refuse_others)
