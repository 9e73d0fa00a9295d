"""`consentcore staff`: accounts of those who sign in to the console."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy.orm import Session

from consentcore.crypto.keyring import Keyring
from consentcore.errors import NotFound
from registry.wording import LANGUAGES
from web.cli.command import Group, service
from web.security import passwords
from web.security import staff as accounts
from web.security.permissions import Role
from web.security.staff import Staff
from web.transaction import reading, unit


@click.group(cls=Group)
def staff() -> None:
    """Make accounts of the console, and close them."""


@staff.command()
@click.argument("email")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--name", help="How the console shows this person; the address, if not said.")
@click.option("--lang", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True)
def add(email: str, role: str, name: str | None, lang: str) -> dict[str, Any]:
    """Make an account; its password is shown once, now, and can be changed in the console."""
    with service() as wired, unit(wired.sessions) as session:
        label = name or email.partition("@")[0]
        made, password = accounts.add(session, wired.keyring, email, label, Role(role), wired.now(), language=lang)
    return {"id": str(made.id), "email": made.email, "role": made.role.value, "password": password}


@staff.command(name="list")
def list_accounts() -> dict[str, Any]:
    """List every account."""
    with service() as wired, reading(wired.sessions) as session:
        return {
            "staff": [
                {
                    "id": str(one.id),
                    "email": one.email,
                    "name": one.name,
                    "role": one.role.value,
                    "disabled": one.disabled,
                }
                for one in accounts.everyone(session, wired.keyring)
            ]
        }


@staff.command()
@click.argument("email")
def disable(email: str) -> dict[str, Any]:
    """Close an account and end its sessions."""
    with service() as wired, unit(wired.sessions) as session:
        found = _account(session, wired.keyring, email)
        accounts.disable(session, found.id, wired.now())
    return {"id": str(found.id), "disabled": True}


@staff.command()
@click.argument("email")
def password(email: str) -> dict[str, Any]:
    """Give an account a new password, shown once, and end its sessions."""
    made = passwords.make()
    with service() as wired, unit(wired.sessions) as session:
        found = _account(session, wired.keyring, email)
        accounts.set_password(session, wired.keyring, found.id, made, wired.now())
    return {"id": str(found.id), "password": made}


def _account(session: Session, keyring: Keyring, email: str) -> Staff:
    found = accounts.by_email(session, keyring, email)
    if found is None:
        raise NotFound("there is no account of staff with this address; see `consentcore staff list`")
    return found
