"""Organisations that contacts work for: one row per normalised name, found by keyed hash, opened as contacts name it.

Their rows go with their last contact: see `contact_writing.drop_empty_accounts`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import cast
from uuid import UUID

from sqlalchemy import SmallInteger, Table, UniqueConstraint, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from consentcore.columns import FOUND_BY, Blob, Category, Digest, Erasure, Provenance, Ref, impersonal, personal
from consentcore.crypto.blindindex import digest
from consentcore.crypto.envelope import open_sealed, read_gen, seal
from consentcore.crypto.fields import register_document, sealed_check
from consentcore.crypto.keyring import Keyring
from consentcore.db import TABLE_OPTIONS, Base
from consentcore.errors import BadInput
from consentcore.identifiers import row_id
from consentcore.personal_data.links import linked_by

RETENTION = "contact"
"""Data class: an account is held for its contacts' sake and no longer than they are."""
NAME_FIELD = 200
NAME_INDEX = 201
SHARED_TABLE = 11
"""Number of the table among those sealed under the shared key."""
MAX_NAME = 10_000
_NOBODY = bytes(16)
_CHUNK = 500

register_document(NAME_FIELD, "cc_account.name", shared=SHARED_TABLE)


class Account(Base):
    """An organisation. Its name may name a person (a sole trader's firm), so it is sealed like one.

    It belongs to no single person, so it has no `subject_ref`: it goes with the last contact that belongs to it.
    """

    __tablename__ = "cc_account"
    __table_args__ = (
        UniqueConstraint("name_bidx", "gen"),
        sealed_check("name"),
        TABLE_OPTIONS
        | {
            "info": {
                FOUND_BY: "rows of organisations have no subject: they are found through `account_id` of the person's "
                "contacts, opened under the shared key (crm.accounts.read_accounts), and go with the last contact",
                **linked_by("cc_contact", "account_id"),
            }
        },
    )

    id: Mapped[UUID] = mapped_column(Ref, primary_key=True, default=row_id, info=impersonal("row id"))
    name: Mapped[bytes] = mapped_column(
        Blob, info=personal(Category.EMPLOYER, retention=RETENTION, erasure=Erasure.DELETE_ROW)
    )
    """The name as the first contact gave it, sealed under the shared key."""
    name_bidx: Mapped[bytes] = mapped_column(
        Digest(16),
        info=personal(
            Category.EMPLOYER, retention=RETENTION, provenance=Provenance.DERIVED, erasure=Erasure.DELETE_ROW
        ),
    )
    gen: Mapped[int] = mapped_column(SmallInteger, info=impersonal("generation of the index key"))


ACCOUNTS = cast(Table, Account.__table__)


def normalise_name(text: str) -> str:
    """Write a name so that spelling of case, width and spaces makes no difference; nothing else is guessed."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def accounts_named(session: Session, keyring: Keyring, names: Iterable[str]) -> dict[str, UUID]:
    """Return the account of each name, as given; one that is not here yet is opened. Blank names have none.

    Equal normalised names are one account, under any live generation of the index key.
    Effects: INSERTs in the caller's unit. Raises: BadInput for a name over 10,000 characters;
    IntegrityError when another unit opened one of them at the same moment (roll back and do the unit again).
    """
    spelled: dict[str, str] = {}
    for name in names:
        if len(name) > MAX_NAME:
            raise BadInput(f"the name of an account takes at most {MAX_NAME} characters, {len(name)} were given")
        if name not in spelled and (normalised := normalise_name(name)):
            spelled[name] = normalised
    if not spelled:
        return {}
    here = _find(session, keyring, set(spelled.values()))
    missing: dict[str, str] = {}
    for name, normalised in spelled.items():
        if normalised not in here:
            missing.setdefault(normalised, name)
    here |= _open(session, keyring, missing)
    return {name: here[normalised] for name, normalised in spelled.items()}


def read_accounts(session: Session, keyring: Keyring, account_ids: Collection[UUID]) -> dict[UUID, str]:
    """Open the names of some accounts, by id; those that are not here are absent.

    Raises: DecryptionFailed when a name was moved or changed.
    """
    rows = session.connection().execute(
        select(ACCOUNTS.c.id, ACCOUNTS.c.name).where(ACCOUNTS.c.id.in_(list(account_ids)))
    )
    return {
        account_id: open_sealed(
            keyring.shared_cipher(SHARED_TABLE, read_gen(name)), NAME_FIELD, account_id.bytes, _NOBODY, name
        ).decode()
        for account_id, name in rows
    }


def _find(session: Session, keyring: Keyring, wanted: Collection[str]) -> dict[str, UUID]:
    found: dict[str, UUID] = {}
    for generation in keyring.index_generations():  # newest first
        named = {digest(keyring, NAME_INDEX, name, generation)[1]: name for name in wanted if name not in found}
        values = list(named)
        for start in range(0, len(values), _CHUNK):
            query = select(ACCOUNTS.c.name_bidx, ACCOUNTS.c.id).where(
                ACCOUNTS.c.gen == generation, ACCOUNTS.c.name_bidx.in_(values[start : start + _CHUNK])
            )
            found |= {named[bidx]: account_id for bidx, account_id in session.connection().execute(query)}
    return found


def _open(session: Session, keyring: Keyring, missing: Mapping[str, str]) -> dict[str, UUID]:
    """Open accounts, given the spelling of each normalised name."""
    if not missing:
        return {}
    cipher = keyring.shared_cipher(SHARED_TABLE)
    opened = {normalised: row_id() for normalised in missing}
    rows = []
    for normalised, spelling in missing.items():
        generation, bidx = digest(keyring, NAME_INDEX, normalised)
        account_id = opened[normalised]
        sealed_name = seal(cipher, NAME_FIELD, account_id.bytes, _NOBODY, spelling.encode())
        rows.append({"id": account_id, "name": sealed_name, "name_bidx": bidx, "gen": generation})
    # one order for all, so that two imports that overlap wait for each other instead of deadlocking
    rows.sort(key=lambda row: cast(bytes, row["name_bidx"]))
    session.connection().execute(insert(ACCOUNTS), rows)
    return opened
