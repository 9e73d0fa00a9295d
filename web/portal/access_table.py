"""The table of the portal's access rules: every page is in it, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from web.portal import access_of_choices, access_of_requests
from web.portal.visitor import Needs
from web.shell.access import Open

ACCESS: Mapping[str, Needs | Open] = MappingProxyType(
    {
        "to_start": Open.TO_ANYONE,
        "start.page": Open.TO_ANYONE,
        **access_of_choices.ACCESS,
        **access_of_requests.ACCESS,
    }
)
