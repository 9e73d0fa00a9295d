from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from consentcore.crm import accounts
from consentcore.crm.accounts import Account, accounts_named, normalise_name, read_accounts
from consentcore.crm.contact_writing import WrittenContact, drop_empty_accounts, open_contacts, replace_contacts
from consentcore.crm.contacts import Contact
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.keyring import Keyring
from consentcore.errors import BadInput, DecryptionFailed


def works_for(name: str | None) -> ContactDraft:
    return ContactDraft(texts={"first_name": "Zoé"} | ({} if name is None else {"account_name": name}))


def opened(factory: sessionmaker[Session], keyring: Keyring, now: datetime, *names: str | None) -> list[WrittenContact]:
    with factory.begin() as session:
        return open_contacts(session, keyring, [works_for(name) for name in names], now)


def account_ids(session: Session, written: list[WrittenContact]) -> list[UUID | None]:
    return [session.scalar(select(Contact.account_id).where(Contact.id == one.contact_id)) for one in written]


def count(session: Session) -> int | None:
    return session.scalar(select(func.count()).select_from(Account))


@pytest.mark.parametrize(
    ("one", "other"),
    [("ACME  SA ", "acme sa"), ("Straße", "STRASSE"), ("e\u0301t\u00e9", "\u00c9t\u00e9"), ("ＡＣＭＥ", "acme")],
)
def test_spelling_makes_no_other_account(one: str, other: str) -> None:
    assert normalise_name(one) == normalise_name(other)


def test_what_is_more_than_spelling_does() -> None:
    assert len({normalise_name(name) for name in ("Acme", "Acme SA", "A.C.M.E.", "Acmé")}) == 4


def test_contacts_of_one_employer_share_its_account(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime
) -> None:
    first = opened(bound, keyring, now, "Dupont & Fils", " DUPONT &  fils", "Other", None, "  ")
    again = opened(bound, keyring, now, "dupont & fils")
    with bound() as session:
        one, same, other, none, blank = account_ids(session, first)
        assert one == same == account_ids(session, again)[0] != other
        assert none is blank is None
        assert one is not None
        assert other is not None
        assert read_accounts(session, keyring, [one, other]) == {one: "Dupont & Fils", other: "Other"}
        stored = session.scalars(select(Account.name)).all()
        assert not [name for name in stored if b"Dupont" in name or b"Other" in name]


def test_an_account_goes_with_its_last_contact(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> None:
    one, two = opened(bound, keyring, now, "Acme", "Acme")
    with bound.begin() as session:
        left = account_ids(session, [one])[0]
        replace_contacts(session, keyring, [(one, works_for("Beta"))])
        assert count(session) == 2, "the other still works there"
        replace_contacts(session, keyring, [(two, works_for(None))])
        assert account_ids(session, [two]) == [None]
        assert session.scalars(select(Account.id)).all() == account_ids(session, [one]) != [left]
        assert drop_empty_accounts(session, []) == 0
        staying = account_ids(session, [one])
        assert drop_empty_accounts(session, [one for one in staying if one]) == 0
        replace_contacts(session, keyring, [(one, works_for("BETA"))])
        assert account_ids(session, [one]) == staying


def test_a_name_opens_in_its_own_row_only(bound: sessionmaker[Session], keyring: Keyring, now: datetime) -> None:
    opened(bound, keyring, now, "Acme", "Beta")
    with bound() as session:
        ids = session.scalars(select(Account.id)).all()
        other = select(Account.name).where(Account.id == ids[1]).scalar_subquery()
        name = session.scalar(select(other))
        session.execute(update(Account).where(Account.id == ids[0]).values(name=name))
        with pytest.raises(DecryptionFailed):
            read_accounts(session, keyring, [ids[0]])


def test_two_units_that_open_one_account_at_once_do_not_both_win(
    bound: sessionmaker[Session], keyring: Keyring, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(bound, keyring, now, "Acme")
    monkeypatch.setattr(accounts, "_find", lambda *_: {})  # as if the other unit had committed just now
    with pytest.raises(IntegrityError):
        opened(bound, keyring, now, "Acme")


def test_an_endless_name_is_refused_without_being_repeated(bound: sessionmaker[Session], keyring: Keyring) -> None:
    with bound() as session, pytest.raises(BadInput, match="at most 10000 characters, 10001 were given"):
        accounts_named(session, keyring, ["x" * 10_001])
