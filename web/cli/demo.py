"""`consentcore demo`: a made-up CRM that lives, four accounts of the console, and a key for machines."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from consentcore.errors import ConfigurationError, Conflict
from policies.loader import load as load_policies
from web import schema
from web.cli.command import Command
from web.cli.prepare import prepared
from web.demo.staff import hire
from web.demo.story import Standing, begins, load, standing
from web.files import write_atomically
from web.settings import Settings, read_settings
from web.wiring import Service, engines, open_service, sqlite_file

PERSON = "camille.deschamps@courriel.example"
"""Of whom there is something to see on every page of the portal."""
PORTAL, CONSOLE, MAILBOX = "/portal/", "/console/", "/mailbox/"
"""Where `consentcore serve` puts the faces, of which a command knows nothing else."""
STAFF_FILE, KEY_FILE = "staff.txt", "apikey.txt"


@click.command(cls=Command)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where to write the accounts and the API key, for you alone to read.",
)
def demo(out: Path) -> dict[str, Any]:
    """Load a made-up CRM with requests in every state; nobody in it exists. A second run changes nothing."""
    settings = read_settings(os.environ)
    if settings.env != "development":
        raise ConfigurationError(
            "the demo makes up persons and accounts, so it is loaded in development only: set CONSENTCORE_ENV to "
            "development, and use another database than the one you work with"
        )
    if _is_blank(settings):
        prepared(replace(settings, fixed_now=begins(settings.now(), load_policies(settings.policies))))
    with open_service(settings) as wired:
        accounts = _tell_the_story(wired, out) if _may_load(wired) else []
    return {
        "made_up": True,
        "loaded": bool(accounts),
        "portal": f"{settings.base_url}{PORTAL}",
        "person": PERSON,
        "mailbox": f"{settings.base_url}{MAILBOX}",
        "console": f"{settings.base_url}{CONSOLE}",
        "staff": _standing_file(out / STAFF_FILE, "consentcore staff password EMAIL"),
        "apikey": _standing_file(out / KEY_FILE, "consentcore apikeys create"),
        "accounts": accounts,
    }


def _is_blank(settings: Settings) -> bool:
    path = sqlite_file(settings.database_url)
    if path is not None and not path.exists():
        return True
    with engines(settings) as (engine, _):
        return schema.current(engine) is None


def _may_load(wired: Service) -> bool:
    """Tell whether the demo is still to be loaded. Raises: Conflict where something else stands, or half of it."""
    found = standing(wired)
    if found is Standing.FOREIGN:
        raise Conflict(
            "this database holds persons who are not the demo's; it is loaded into an empty one: name another in "
            "CONSENTCORE_DATABASE_URL and CONSENTCORE_KEYRING_URL"
        )
    if found is Standing.CUT_OFF:
        raise Conflict("loading the demo was cut off here; delete its two databases, key file and mail, and try again")
    return found is Standing.EMPTY


def _tell_the_story(wired: Service, out: Path) -> list[dict[str, str]]:
    """Load the demo; the passwords are written down before anything is, the key as soon as there is one."""
    staff = hire()
    accounts = [{"role": one.role.value, "email": one.email, "password": one.password} for one in staff.everyone]
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomically(out / STAFF_FILE, _as_lines(accounts))
    token = load(wired, staff)
    write_atomically(out / KEY_FILE, f"{token}\n")
    return accounts


def _as_lines(accounts: list[dict[str, str]]) -> str:
    widths = [max(len(one[key]) for one in accounts) for key in accounts[0]]
    rows = ("  ".join(text.ljust(width) for text, width in zip(one.values(), widths, strict=True)) for one in accounts)
    return "".join(f"{row.rstrip()}\n" for row in rows)


def _standing_file(path: Path, way_out: str) -> str:
    return str(path) if path.exists() else f"{path} is gone; `{way_out}` makes a new one"
