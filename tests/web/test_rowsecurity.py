"""The second wall on a real PostgreSQL: a serving role that says nothing sees nobody."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import URL, Engine, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from consentcore.binding import bind
from consentcore.consent.gate import Leaving, gated, ungated
from consentcore.consent.record import Choice, Evidence, record
from consentcore.consent.tables import ConsentState
from consentcore.crm.accounts import Account
from consentcore.crm.contact_points import email_point
from consentcore.crm.contact_writing import open_contacts
from consentcore.crm.contacts import Contact
from consentcore.crm.drafts import ContactDraft
from consentcore.crypto.file_kek import FileKek
from consentcore.crypto.keyring import Keyring
from consentcore.db import make_engine
from consentcore.errors import ConfigurationError
from consentcore.ledger.append import ensure_log
from consentcore.personal_data.wall import Verb, act, say
from consentcore.policyset import Channel
from consentcore.subjects import restrictions
from tests.builders.databases import kinds, migrate, open_database, throw_away_urls
from tests.builders.policies import shipped
from web.rowsecurity import problems_of_wall, raise_wall, stands

pytestmark = pytest.mark.skipif("postgresql" not in kinds(), reason="row-level security is PostgreSQL's")
WORDS = ("purpose", "ground", "wider", "verb")


@dataclass(frozen=True)
class Walled:
    """A database behind the wall, as its owner and as the serving role: Ada consents, Cleo too but is restricted."""

    owner: Engine
    serving: Engine
    serving_url: URL
    sessions: sessionmaker[Session]
    people: dict[str, UUID]
    contacts: dict[str, UUID]
    now: datetime

    def ask(self, sql: str, **words: str) -> list[tuple[object, ...]]:
        """Ask as the serving role by the bare driver, after saying words to the transaction."""
        with psycopg.connect(self.serving_url.set(drivername="postgresql").render_as_string(False)) as connection:
            for word, value in words.items():
                connection.execute("SELECT set_config(%s, %s, true)", (f"cc.{word}", value))
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def walled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walled]:
    now = datetime.fromisoformat("2026-11-09T09:00:00+00:00")
    folder = tmp_path_factory.mktemp("walled")
    role, password = f"cc_serving_{secrets.token_hex(4)}", secrets.token_hex(12)
    with throw_away_urls("postgresql", folder) as urls:
        database = open_database("postgresql", *urls)
        migrate(database)
        keyring = Keyring(database.keyring_engine, FileKek.create(folder / "kek.json"))
        keyring.initialise(now)
        with database.engine.begin() as connection:
            connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'"))
            ensure_log(connection)
        serving_url = make_url(urls[0]).set(username=role, password=password)
        serving = make_engine(serving_url.render_as_string(hide_password=False))
        try:
            raise_wall(database.engine, role)
            raise_wall(database.engine, role)
            sessions = sessionmaker(serving)
            bind(sessions, keyring)
            yield _filled(Walled(database.engine, serving, serving_url, sessions, {}, {}, now), keyring)
        finally:
            serving.dispose()
            with database.engine.begin() as connection:
                connection.execute(text(f"DROP OWNED BY {role}"))
                connection.execute(text(f"DROP ROLE {role}"))
            database.dispose()


def _filled(walled: Walled, keyring: Keyring) -> Walled:
    policy, names = shipped(), ("ada", "bob", "cleo")
    with walled.sessions.begin() as session:
        act(session, Verb.IMPORT)
        drafts = [
            ContactDraft(
                texts={"first_name": name, "account_name": f"Pépinière {name}"},
                points=(email_point(f"{name}@courriel.example"),),
            )
            for name in names
        ]
        written = open_contacts(session, keyring, drafts, walled.now)
        for name, one in zip(names, written, strict=True):
            walled.people[name], walled.contacts[name] = one.subject_ref, one.contact_id
        choice = Choice("newsletter", Channel.EMAIL, ConsentState.GIVEN, policy.notice("newsletter", 1, "fr"))
        for name in ("ada", "cleo"):
            record(session, walled.people[name], [choice], policy, Evidence("web_form"), walled.now)
        restrictions.place(session, walled.people["cleo"], restrictions.Ground.UNLAWFUL, walled.now)
    return walled


NEWSLETTER = {"purpose": "newsletter", "ground": "consent", "wider": "marketing"}
ORDERS = {"purpose": "order_management", "ground": "relation", "wider": "order_management"}
SURVEY = {"purpose": "satisfaction_survey", "ground": "interest", "wider": "satisfaction_survey"}


def test_without_a_word_nobody_is_seen(walled: Walled) -> None:
    for table in ("cc_contact", "cc_contact_point", "cc_subject", "cc_consent_state", "cc_account", "cc_blind_index",
                  "cc_restriction", "cc_consent_record", "cc_suppression", "cc_log_content"):  # fmt: skip
        assert walled.ask(f"SELECT count(*) FROM {table}") == [(0,)], table


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (NEWSLETTER, {"ada"}),
        (ORDERS, {"ada", "bob"}),
        (SURVEY, {"ada", "bob"}),
        ({**NEWSLETTER, "purpose": "promotions"}, set()),
        ({**NEWSLETTER, "ground": ""}, set()),
        ({"purpose": "newsletter"}, set()),
        ({**NEWSLETTER, "now": "2040-01-01T00:00:00+00:00"}, set()),
        ({"verb": "decide"}, {"ada", "bob", "cleo"}),
        ({"verb": "anything"}, set()),
        ({"verb": ""}, set()),
    ],
)
def test_a_purpose_or_a_verb_admits(walled: Walled, words: dict[str, str], wanted: set[str]) -> None:
    found = {row[0] for row in walled.ask("SELECT subject_ref FROM cc_contact", **words)}
    assert {name for name, ref in walled.people.items() if ref.bytes in found} == wanted
    assert walled.ask("SELECT count(*) FROM cc_account", **words) == [(len(wanted),)]


def test_words_end_with_their_transaction(walled: Walled) -> None:
    with psycopg.connect(walled.serving_url.set(drivername="postgresql").render_as_string(False)) as connection:
        connection.execute("SELECT set_config('cc.verb', 'decide', true)")
        assert connection.execute("SELECT count(*) FROM cc_contact").fetchone() == (3,)
        connection.commit()
        assert connection.execute("SELECT count(*) FROM cc_contact").fetchone() == (0,)


def test_rows_out_of_reach_are_not_changed_removed_or_handed_over(walled: Walled) -> None:
    touched = "cc_contact SET language = 'fr' RETURNING 1"
    assert walled.ask(f"WITH done AS (UPDATE {touched}) SELECT count(*) FROM done", **NEWSLETTER) == [(1,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        other = walled.people["bob"].hex
        walled.ask(f"UPDATE cc_contact SET subject_ref = '\\x{other}' RETURNING 1", **NEWSLETTER)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        walled.ask("INSERT INTO cc_subject (subject_ref, created_at) VALUES ('\\x00', now()) RETURNING 1")


def test_the_serving_role_cannot_take_the_wall_down(walled: Walled) -> None:
    for sql in ("ALTER TABLE cc_contact DISABLE ROW LEVEL SECURITY", "DROP POLICY cc_wall_read ON cc_contact",
                f"DROP VIEW {'cc_wall_reach'}", "UPDATE cc_alembic_version SET version_num = 'x'"):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            walled.ask(sql)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        walled.ask("SET row_security = off; SELECT count(*) FROM cc_contact")


@pytest.mark.parametrize("words", [NEWSLETTER, ORDERS, SURVEY])
def test_a_read_by_key_stays_indexed(walled: Walled, words: dict[str, str]) -> None:
    key = walled.contacts["ada"].hex
    with psycopg.connect(walled.serving_url.set(drivername="postgresql").render_as_string(False)) as connection:
        for word, value in words.items():
            connection.execute("SELECT set_config(%s, %s, true)", (f"cc.{word}", value))
        connection.execute("SET LOCAL enable_seqscan = off")  # tables of three rows are read whole otherwise
        plan = connection.execute(f"EXPLAIN SELECT * FROM cc_contact WHERE id = '\\x{key}'").fetchall()  # type: ignore[arg-type]
    lines = [str(row[0]) for row in plan]
    assert "Index Scan using pk_cc_contact" in lines[0], lines
    assert not [line for line in lines if "Seq Scan" in line], lines


def test_gated_sessions_tell_their_purpose(walled: Walled) -> None:
    with walled.sessions() as session, gated(session, "newsletter", shipped(), walled.now):
        assert [one.subject_ref for one in session.scalars(select(Contact))] == [walled.people["ada"]]
        assert len(session.scalars(select(Account)).all()) == 1
        assert session.connection().connection.cursor().execute("SELECT count(*) FROM cc_contact").fetchone() == (1,)
        session.rollback()
        assert [one.subject_ref for one in session.scalars(select(Contact))] == [walled.people["ada"]]
        with ungated(session, reason=Leaving.SECURITY):
            assert len(session.scalars(select(Contact)).all()) == 3
        assert len(session.scalars(select(Contact)).all()) == 1
    with walled.sessions() as session:
        assert session.scalars(select(Contact)).all() == []
        say(session, verb=Verb.LOCATE.value)
        assert len(session.scalars(select(Contact)).all()) == 3


def test_leaves_are_kept_under_a_purpose(walled: Walled) -> None:
    def leaves() -> int:
        with walled.owner.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM cc_log_leaf")).scalar_one())

    before = leaves()
    with (
        walled.sessions.begin() as session,
        gated(session, "newsletter", shipped(), walled.now),
        ungated(session, reason=Leaving.SECURITY),
    ):
        pass
    assert leaves() == before + 1


def test_the_wall_is_known_to_stand(walled: Walled, tmp_path: Path) -> None:
    assert stands(walled.serving)
    assert problems_of_wall(walled.serving) == []
    (told,) = [line for line in problems_of_wall(walled.owner) or [] if "step over" in line]
    assert "NOBYPASSRLS" in told or "BYPASSRLS" in told
    sqlite = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    assert not stands(sqlite)
    assert problems_of_wall(sqlite) is None
    sqlite.dispose()


def test_a_table_that_fell_out_is_named(walled: Walled) -> None:
    with walled.owner.begin() as connection:
        connection.execute(text("DROP POLICY cc_wall_read ON cc_contact"))
    try:
        assert problems_of_wall(walled.serving) == [
            "table cc_contact stands outside the second wall; run `consentcore db upgrade`"
        ]
    finally:
        raise_wall(walled.owner, str(walled.serving_url.username))
    assert problems_of_wall(walled.serving) == []


def test_a_role_that_makes_no_wall_is_refused(walled: Walled) -> None:
    with pytest.raises(ConfigurationError, match="knows no role"):
        raise_wall(walled.owner, "cc_nobody_at_all")
    with pytest.raises(ConfigurationError, match="step over"):
        raise_wall(walled.owner, str(walled.owner.url.username))
