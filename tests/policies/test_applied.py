"""Policies that are put in force stay readable for ever and are never rewritten, on every database (R-0-1, R-13-2)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from consentcore.errors import Conflict, IntegrityFailure, NotFound
from consentcore.ledger import canonical
from consentcore.ledger.events import read_header
from consentcore.ledger.tables import LogEvent, LogLeaf
from policies import loader
from policies.applied import APPLIED, apply, in_force_sha256, policy_in_force
from policies.folder import fingerprint, gather, text_sha256
from policies.tables import PolicyReturn, PolicyVersion
from tests.builders.policies import shipped

Change = Callable[[str, str, str], None]
HOUR = timedelta(hours=1)
NEWSLETTER = "purposes/newsletter.yaml"


def put(bound: sessionmaker[Session], folder: Path | None, at: datetime) -> str | None:
    """Apply a folder; its hash where that was news."""
    policy = loader.load(folder)
    with bound() as session, session.begin():
        return policy.sha256 if apply(session, folder, policy, at) else None


def leaves(bound: sessionmaker[Session]) -> list[str]:
    """The hashes that the log says were put in force, in its order."""
    with bound() as session:
        headers = session.scalars(
            select(LogEvent.header).join(LogLeaf, LogLeaf.event_id == LogEvent.id).order_by(LogLeaf.idx)
        ).all()
    said = [read_header(header) for header in headers]
    return [one["data"]["policy_sha256"] for one in said if one["type"] == APPLIED]


def test_a_set_is_rebuilt_whole_by_its_hash_and_without_one(bound: sessionmaker[Session], now: datetime) -> None:
    assert put(bound, None, now) == shipped().sha256
    with bound() as session:
        assert policy_in_force(session, sha256=shipped().sha256) == shipped()
        assert policy_in_force(session) == shipped()


def test_applying_what_is_in_force_changes_nothing(bound: sessionmaker[Session], now: datetime) -> None:
    put(bound, None, now)
    assert put(bound, None, now + HOUR) is None
    assert leaves(bound) == [shipped().sha256]


def test_the_set_in_force_is_that_of_the_instant(
    bound: sessionmaker[Session], now: datetime, organisation: Path, change: Change
) -> None:
    first = put(bound, organisation, now)
    change("policy.yaml", "1.0.0", "1.1.0")
    second = put(bound, organisation, now + HOUR)
    change("policy.yaml", "1.1.0", "1.0.0")
    assert put(bound, organisation, now + 2 * HOUR) == first
    with bound() as session:
        asked = [None, now - HOUR, now, now + HOUR - timedelta(seconds=1), now + HOUR, now + 2 * HOUR, now + 9 * HOUR]
        assert [in_force_sha256(session, at) for at in asked] == [first, None, first, first, second, first, first]
        assert policy_in_force(session, at=now + HOUR).version == "1.1.0"
        assert policy_in_force(session, at=now + 3 * HOUR).version == "1.0.0"
        assert len(session.scalars(select(PolicyReturn)).all()) == 1
    assert leaves(bound) == [first, second, first]


def test_before_the_first_set_and_for_a_strange_hash_there_is_none(bound: sessionmaker[Session], now: datetime) -> None:
    with bound() as session:
        with pytest.raises(NotFound, match="no policies were in force then"):
            policy_in_force(session, at=now)
        with pytest.raises(NotFound, match="never in force here"):
            policy_in_force(session, sha256="0" * 64)


def stored(bound: sessionmaker[Session], texts: dict[str, str], now: datetime) -> str:
    """Put texts into the table as an earlier version of the program did."""
    files = [{"path": path, "text": text} for path, text in texts.items()]
    sha256 = fingerprint(texts)
    with bound() as session, session.begin():
        row = PolicyVersion(
            sha256=sha256,
            version="0.9.0",
            effective_on=now.date(),
            applied_at=now,
            texts=canonical.encode({"files": files}),
            event_id=uuid4(),
        )
        session.add(row)
    return sha256


def test_a_set_of_an_older_form_is_read_in_its_own_form(
    bound: sessionmaker[Session], now: datetime, organisation: Path, change: Change
) -> None:
    # What the first version of the program wrote: no ages, no rules on reaching people, none of the later keys.
    for path in ("ages.yaml", "contact_rules/fr.yaml"):
        (organisation / path).unlink()
    for name in ("prospecting_b2b", "scoring", "partner_sharing", "satisfaction_survey", "business_relations"):
        (organisation / f"purposes/{name}.yaml").unlink()
    change(NEWSLETTER, "refresh: P2Y\n", "")
    sha256 = stored(bound, dict(gather(organisation).texts), now)
    with bound() as session:
        old = policy_in_force(session, sha256=sha256)
    newsletter = old.purpose("newsletter")
    assert (newsletter.marketing, newsletter.profiling, newsletter.refresh, newsletter.partners) == (
        None,
        False,
        None,
        (),
    )
    assert (dict(old.contact_rules), dict(old.ages)) == ({}, {})
    assert old.contact_rules_for("FR") is None
    assert old.notice("newsletter", 1, "fr").text == shipped().notice("newsletter", 1, "fr").text


def test_a_set_as_large_as_a_folder_may_be_is_kept_whole(
    bound: sessionmaker[Session], now: datetime, organisation: Path
) -> None:
    for number in range(1, 6):
        folder = Path(shutil.copytree(organisation / "notices/newsletter/1", organisation / f"notices/long/{number}"))
        for language in ("fr", "en"):
            text = (folder / f"{language}.md").read_text(encoding="utf-8")
            (folder / f"{language}.md").write_text(f"{text}\n{'é' * 115_000}\n", encoding="utf-8")
    sha256 = put(bound, organisation, now)
    with bound() as session:
        assert policy_in_force(session, sha256=sha256) == loader.load(organisation)


@pytest.mark.parametrize(
    "forged",
    [b'{"files":[{"path":"policy.yaml","text":"format: 1\\n"}]}', b"{", b"\xff", b"[]", b'{"files":[{"path":1}]}', b""],
)
def test_texts_that_are_not_those_of_the_hash_are_refused(
    forged: bytes, bound: sessionmaker[Session], now: datetime
) -> None:
    sha256 = put(bound, None, now)
    with bound() as session, session.begin():
        session.execute(update(PolicyVersion).values(texts=forged))
    with bound() as session, pytest.raises(IntegrityFailure, match=str(sha256)):
        policy_in_force(session, sha256=sha256)


def test_a_notice_keeps_its_text_for_ever(
    bound: sessionmaker[Session], now: datetime, organisation: Path, change: Change
) -> None:
    put(bound, organisation, now)
    file = "notices/newsletter/1/fr.md"
    before = text_sha256((organisation / file).read_text(encoding="utf-8"))
    change(file, "deux fois par mois", "dix fois par mois")
    after = text_sha256((organisation / file).read_text(encoding="utf-8"))
    with pytest.raises(Conflict, match=r"newsletter@1/fr was in force with another text") as refused:
        put(bound, organisation, now + HOUR)
    assert refused.value.article == "13(3)"
    assert f"then {before}, now {after}" in str(refused.value)
    assert leaves(bound) == [shipped().sha256]


def test_a_text_of_a_set_that_is_no_longer_in_force_is_kept_too(
    bound: sessionmaker[Session], now: datetime, organisation: Path, change: Change
) -> None:
    put(bound, organisation, now)
    kept = organisation.with_name("kept")
    shutil.copytree(organisation / "notices/promotions", kept)
    shutil.rmtree(organisation / "notices/promotions")
    (organisation / "purposes/promotions.yaml").rename(kept / "promotions.yaml")
    assert put(bound, organisation, now + HOUR)
    shutil.copytree(kept / "1", organisation / "notices/promotions/1")
    (kept / "promotions.yaml").rename(organisation / "purposes/promotions.yaml")
    change("notices/promotions/1/en.md", "four times a year", "every day")
    with pytest.raises(Conflict, match="promotions@1/en"):
        put(bound, organisation, now + 2 * HOUR)


def test_a_purpose_may_go_back_but_not_change_under_a_lower_number(
    bound: sessionmaker[Session], now: datetime, organisation: Path, change: Change
) -> None:
    put(bound, organisation, now)
    change(NEWSLETTER, "version: 1", "version: 2")
    change(NEWSLETTER, "validity: P3Y", "validity: P4Y")
    assert put(bound, organisation, now + HOUR)
    change(NEWSLETTER, "version: 2", "version: 1")
    with pytest.raises(Conflict, match=r"changes the purpose under version 1, lower than 2.*then [0-9a-f]{64}, now"):
        put(bound, organisation, now + 2 * HOUR)
    change(NEWSLETTER, "validity: P4Y", "validity: P3Y")
    assert put(bound, organisation, now + 2 * HOUR) == shipped().sha256


def test_a_new_version_of_a_notice_and_a_new_language_are_welcome(
    bound: sessionmaker[Session], now: datetime, organisation: Path, change: Change
) -> None:
    put(bound, organisation, now)
    shutil.copytree(organisation / "notices/newsletter/1", organisation / "notices/newsletter/2")
    change("notices/newsletter/2/fr.md", "deux fois par mois", "dix fois par mois")
    german = (organisation / "notices/invoicing/1/en.md").read_text(encoding="utf-8").replace("# ", "# Deutsch: ", 1)
    (organisation / "notices/invoicing/1/de.md").write_text(german, encoding="utf-8")
    headings = organisation / "notices/invoicing/1/notice.yaml"
    stated = re.sub(r"en: (.+)}", r"en: \1, de: \1}", headings.read_text(encoding="utf-8"))
    headings.write_text(stated, encoding="utf-8")
    assert put(bound, organisation, now + HOUR)


def test_files_that_change_underneath_are_refused(
    bound: sessionmaker[Session], now: datetime, organisation: Path, change: Change
) -> None:
    policy = loader.load(organisation)
    change("policy.yaml", "1.0.0", "1.1.0")
    with bound() as session, session.begin(), pytest.raises(Conflict, match="changed while they were being applied"):
        apply(session, organisation, policy, now)
