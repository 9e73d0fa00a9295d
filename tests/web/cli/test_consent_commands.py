"""`consentcore consent`, `notices`, `calls` and `subjects` on the command line: what they record, what then decides."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import policies
from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import DatabaseSource, migrate

ORGANISATION = Path(policies.__file__).parent / "organisation"
CAMILLE, LOU = "camille@courriel.example", "lou@courriel.example"
PEOPLE = f"id,email,born,country\n1,{CAMILLE},1980-05-01,France\n2,{LOU},2019-01-01,France\n"
CONTACTS = (
    "entity: contact\nexternal_id: {system: test, column: id}\n"
    "fields: {email: email, birth_date: born, address.country: country}\n"
)
CONSENTS = (
    "entity: consent\nexternal_id: {system: test, column: id}\n"
    "fields: {contact.external_id: who, state: status}\nconstants: {purpose: newsletter, channel: email}\n"
)
MATTER = ("--purpose", "newsletter", "--channel", "email")
GIVEN = ("--state", "given", "--notice", "newsletter@1", "--method", "web_form")
MOTHER = ("--parent", "Jeanne, mother", "--effort", "identity card seen")


@pytest.fixture
def cc(database_source: DatabaseSource, tmp_path: Path) -> Iterator[CommandLine]:
    """An installation on SQLite that knows Camille and Lou, a child."""
    with database_source.lend("sqlite", tmp_path, migrate) as lent:
        line = command_line(tmp_path, lent.url, lent.keyring_url)
        line("init")
        (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
        (tmp_path / "people.yaml").write_text(CONTACTS, encoding="utf-8")
        (tmp_path / "consents.yaml").write_text(CONSENTS, encoding="utf-8")
        line("import", tmp_path / "people.csv", "--mapping", tmp_path / "people.yaml")
        yield line


def reason(cc: CommandLine, email: str, matter: tuple[str, ...] = MATTER) -> str:
    return str(cc("consent", "decide", "--email", email, *matter)["reason"])


def ref(cc: CommandLine, email: str) -> str:
    return str(cc("subjects", "find", "--email", email)["subject_ref"])


def test_eligible_writes_those_who_may_be_reached(cc: CommandLine, tmp_path: Path) -> None:
    cc("consent", "record", "--email", CAMILLE, *MATTER, *GIVEN)
    out = tmp_path / "send.csv"
    answer = cc("consent", "eligible", *MATTER, "--out", out)
    assert answer == {"eligible": 1, "excluded": {"consent_missing": 1}, "out": str(out)}
    with out.open(encoding="utf-8", newline="") as stream:
        assert [row["subject_ref"] for row in csv.DictReader(stream)] == [ref(cc, CAMILLE)]
    assert cc.run("consent", "eligible", "--purpose", "nothing", "--channel", "email", "--out", out).exit_code == 1
    assert out.read_text(encoding="utf-8").count("\n") == 2


def test_consents_of_another_system_are_imported(cc: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "consents.csv"
    file.write_text("id,who,status\na,1,unsubscribed\nb,2,subscribed\nc,3,subscribed\n", encoding="utf-8")
    wanted = ("import", file, "--mapping", tmp_path / "consents.yaml")
    dry = cc(*wanted, "--dry-run")
    done = cc(*wanted)
    for counts in (dry, done):
        assert {name: counts[name] for name in ("rows", "created", "quarantined")} == {
            "rows": 3,
            "created": 2,
            "quarantined": 1,
        }
    assert reason(cc, CAMILLE) == "suppressed"
    assert reason(cc, LOU) == "consent_unproven"
    assert cc(*wanted)["duplicates"] == 2


def test_child_and_parent(cc: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(ORGANISATION, folder)
    written = folder / "purposes" / "newsletter.yaml"
    text = written.read_text(encoding="utf-8")
    written.write_text(text.replace("rule: opt_in", "rule: opt_in\nfor_children: true"), encoding="utf-8")
    cc = CommandLine(tmp_path, {**cc.environment, "CONSENTCORE_POLICIES": str(folder)})
    first = cc("consent", "record", "--email", LOU, *MATTER, *GIVEN)
    assert reason(cc, LOU) == "parent_consent_missing"
    assert cc.run("consent", "record", "--email", LOU, *MATTER, *GIVEN, *MOTHER).exit_code == 1
    assert cc.run("consent", "record", "--email", LOU, *MATTER, *GIVEN, *MOTHER[:2]).exit_code == 2
    assert cc.run("consent", "record", "--email", LOU, *MATTER, *GIVEN, *MOTHER[2:]).exit_code == 2
    assert cc.run("consent", "authorise", first["record_id"], "--method", "paper").exit_code == 2
    done = cc("consent", "authorise", first["record_id"], *MOTHER, "--method", "paper", "--by", "dpo")
    assert done["authorises"] == first["record_id"]
    assert done["leaf_index"] > first["leaf_index"]
    assert reason(cc, LOU) == "consent_given"
    assert cc("ledger", "verify")["ok"]


def test_explicit_is_kept_with_the_record(cc: CommandLine) -> None:
    made = cc("consent", "record", "--email", CAMILLE, *MATTER, *GIVEN, "--explicit")
    out = cc.folder / "receipt.json"
    cc("consent", "receipt", made["record_id"], "--out", out)
    assert '"explicit"' in out.read_text(encoding="utf-8")


def test_links_and_deaths_decide(cc: CommandLine) -> None:
    cc("consent", "record", "--email", CAMILLE, *MATTER, *GIVEN)
    cc("consent", "record", "--email", LOU, *MATTER, "--state", "refused", *GIVEN[2:])
    one, other = ref(cc, CAMILLE), ref(cc, LOU)
    assert cc("subjects", "link", one, other, "--by", "dpo") == {"subject_ref": one, "linked": [other]}
    assert reason(cc, CAMILLE) == "consent_refused"
    assert cc("subjects", "unlink", other, one, "--by", "dpo") == {"subject_ref": other, "linked": []}
    assert cc.run("subjects", "unlink", other, one, "--by", "dpo").exit_code == 1
    assert reason(cc, CAMILLE) == "consent_given"
    cc("subjects", "deceased", "--email", CAMILLE, "--on", "2026-01-31", "--by", "dpo")
    assert reason(cc, CAMILLE) == "deceased"
    assert cc("subjects", "deceased", "--email", CAMILLE, "--mistaken", "--by", "dpo")["deceased_on"] is None
    assert reason(cc, CAMILLE) == "consent_given"
    assert cc.run("subjects", "deceased", "--email", CAMILLE, "--by", "dpo").exit_code == 2
    both = ("--on", "2026-01-31", "--mistaken", "--by", "dpo")
    assert cc.run("subjects", "deceased", "--email", CAMILLE, *both).exit_code == 2


def test_a_notice_shown_is_kept(cc: CommandLine) -> None:
    at = ("--at", "2026-01-02T10:00:00+01:00")
    made = cc("notices", "shown", "--email", CAMILLE, "--notice", "similar_products@1", *at, "--evidence", "order 7")
    assert (made["notice"], made["at"]) == ("similar_products@1/fr", "2026-01-02T09:00:00Z")
    assert made["subject_ref"] == ref(cc, CAMILLE)
    assert cc.run("notices", "shown", "--email", CAMILLE, "--notice", "similar_products@99", *at).exit_code == 1
    late = ("--at", "2126-01-02T10:00:00Z")
    assert cc.run("notices", "shown", "--email", CAMILLE, "--notice", "similar_products@1", *late).exit_code == 1


def test_a_refusal_in_a_call_is_kept(cc: CommandLine) -> None:
    phone = ("--purpose", "phone_prospecting", "--channel", "phone")
    given = ("--state", "given", "--notice", "phone_prospecting@1", "--method", "web_form")
    cc("consent", "record", "--email", CAMILLE, *phone, *given)
    assert reason(cc, CAMILLE, phone) != "call_refused"
    made = cc("calls", "add", "--email", CAMILLE, "--purpose", "phone_prospecting", "--outcome", "refused")
    assert made["subject_ref"] == ref(cc, CAMILLE)
    assert reason(cc, CAMILLE, phone) == "call_refused"
