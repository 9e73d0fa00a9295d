"""The table of the console's access rules: every page is in it, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from web.console import access_of_accountability, access_of_cases, access_of_consents, access_of_requests
from web.security.permissions import Permission
from web.shell.access import Open

ACCESS: Mapping[str, Permission | Open] = MappingProxyType(
    {
        "sign_in.page": Open.TO_ANYONE_ASKING,
        "sign_in.submit": Open.TO_ANYONE_ASKING,
        "account.page": Permission.OWN_ACCOUNT,
        "account.preferences": Permission.OWN_ACCOUNT,
        "account.password": Permission.OWN_ACCOUNT,
        "account.end_others": Permission.OWN_ACCOUNT,
        "account.sign_out": Permission.OWN_ACCOUNT,
        **access_of_requests.ACCESS,
        **access_of_cases.ACCESS,
        **access_of_consents.ACCESS,
        **access_of_accountability.ACCESS,
    }
)
