"""Accounts of staff: made, found, changed, closed; whoever loses an account loses every session with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from consentcore.clock import ensure_utc
from consentcore.crypto.blindindex import digest, normalise_email
from consentcore.crypto.envelope import open_sealed, read_gen, seal
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, Conflict, NotFound
from consentcore.identifiers import random_ref
from consentcore.ledger.events import Event
from consentcore.ledger.log import queue
from web.security import passwords
from web.security.events import STAFF_ADDED, STAFF_DISABLED, STAFF_PASSWORD
from web.security.permissions import Permission, Role, may
from web.security.tables import STAFF_FIELD, STAFF_INDEX, STAFF_TABLE, SessionRow, StaffAccount

MAX_NAME = 100
THEMES = ("auto", "light", "dark")
_NOBODY = bytes(16)


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff, opened; `email` is how records name this person as an actor."""

    id: UUID
    email: str
    name: str
    role: Role
    language: str
    theme: str
    disabled: bool

    def may(self, permission: Permission) -> bool:
        """Tell whether this person's role has a permission."""
        return may(self.role, permission)


def add(
    session: Session,
    keyring: Keyring,
    email: str,
    name: str,
    role: Role,
    now: datetime,
    *,
    language: str = "fr",
    password: str | None = None,
) -> tuple[Staff, str]:
    """Make an account in the caller's unit and return it with its password, which is not held anywhere.

    Effects: a row, leaf `staff.added` with role and id alone.
    Raises: BadInput (address, name, password); Conflict when the address has an account.
    """
    address = normalise_email(email)
    label = name.strip()
    if address is None:
        raise BadInput("an account of staff is named by an e-mail address")
    if not 0 < len(label) <= MAX_NAME or not label.isprintable():
        raise BadInput(f"name the person in one line of at most {MAX_NAME} characters")
    if _row_of(session, keyring, address) is not None:
        raise Conflict("there is an account of staff with this address already")
    chosen = password or passwords.make()
    account_id = random_ref()
    _, address_digest = digest(keyring, STAFF_INDEX, address)
    document = json.dumps({"email": address, "name": label}, ensure_ascii=False).encode()
    row = StaffAccount(
        id=account_id,
        address_digest=address_digest,
        content=seal(keyring.shared_cipher(STAFF_TABLE), STAFF_FIELD, account_id.bytes, _NOBODY, document),
        role=role.value,
        password_hash=passwords.hashed(chosen, address),
        language=language,
        theme=THEMES[0],
        created_at=ensure_utc(now),
    )
    session.add(row)
    session.flush()
    queue(session, Event(type=STAFF_ADDED, at=now, data={"staff": str(account_id), "role": role.value}))
    return opened(keyring, row), chosen


def by_email(session: Session, keyring: Keyring, email: str) -> Staff | None:
    """Return the account of an address, whatever the case it is written in; None where there is none."""
    address = normalise_email(email)
    row = None if address is None else _row_of(session, keyring, address)
    return None if row is None else opened(keyring, row)


def by_id(session: Session, keyring: Keyring, staff_id: UUID) -> Staff | None:
    """Return an account by its id, closed or not."""
    row = session.get(StaffAccount, staff_id)
    return None if row is None else opened(keyring, row)


def everyone(session: Session, keyring: Keyring) -> Sequence[Staff]:
    """Return every account, oldest first."""
    return [opened(keyring, row) for row in session.scalars(select(StaffAccount).order_by(StaffAccount.created_at))]


def check(session: Session, keyring: Keyring, email: str, password: str) -> Staff | None:
    """Return whose address and password these are; None alike for unknown, wrong and closed, after the same work."""
    address = normalise_email(email)
    row = None if address is None else _row_of(session, keyring, address)
    right = passwords.matches(None if row is None else row.password_hash, password)
    if row is None or not right or row.disabled_at is not None:
        return None
    return opened(keyring, row)


def set_password(session: Session, keyring: Keyring, staff_id: UUID, password: str, now: datetime) -> None:
    """Give an account another password and end all its sessions, in the caller's unit.

    Raises: NotFound, BadInput.
    """
    row = _required(session, staff_id)
    row.password_hash = passwords.hashed(password, opened(keyring, row).email)
    session.execute(delete(SessionRow).where(SessionRow.staff_id == staff_id))
    queue(session, Event(type=STAFF_PASSWORD, at=now, data={"staff": str(staff_id)}))


def set_preferences(session: Session, staff_id: UUID, language: str, theme: str) -> None:
    """Keep in which language and light a person wants the console.

    Raises: NotFound, BadInput.
    """
    if theme not in THEMES or language not in ("fr", "en"):
        raise BadInput(f"choose fr or en, and one of {', '.join(THEMES)}")
    row = _required(session, staff_id)
    row.language, row.theme = language, theme


def disable(session: Session, staff_id: UUID, now: datetime) -> None:
    """Close an account for good and end its sessions, in the caller's unit; closing it again changes nothing.

    Raises: NotFound.
    """
    row = _required(session, staff_id)
    session.execute(delete(SessionRow).where(SessionRow.staff_id == staff_id))
    if row.disabled_at is None:
        row.disabled_at = ensure_utc(now)
        queue(session, Event(type=STAFF_DISABLED, at=now, data={"staff": str(staff_id)}))


def opened(keyring: Keyring, row: StaffAccount) -> Staff:
    """Open the sealed part of an account.

    Raises: DecryptionFailed.
    """
    cipher = keyring.shared_cipher(STAFF_TABLE, read_gen(row.content))
    document = json.loads(open_sealed(cipher, STAFF_FIELD, row.id.bytes, _NOBODY, row.content))
    return Staff(
        row.id,
        document["email"],
        document["name"],
        Role(row.role),
        row.language,
        row.theme,
        row.disabled_at is not None,
    )


def _row_of(session: Session, keyring: Keyring, address: str) -> StaffAccount | None:
    wanted = [digest(keyring, STAFF_INDEX, address, gen)[1] for gen in keyring.index_generations()]
    return session.scalar(select(StaffAccount).where(StaffAccount.address_digest.in_(wanted)))


def _required(session: Session, staff_id: UUID) -> StaffAccount:
    row = session.get(StaffAccount, staff_id, with_for_update=True)
    if row is None:
        raise NotFound("there is no account of staff of that id")
    return row
