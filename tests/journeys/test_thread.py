"""Rights, retention, register, breaches on data that nobody here wrote, by the commands alone (issue: the thread)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import vobject  # type: ignore[import-untyped]

from consentcore.ledger.note import open_note
from consentcore.requests.content import read_content
from consentcore.requests.lifecycle import find as find_request
from consentcore.subjects.disclosures import record as record_disclosure
from tests.builders.cli import CommandLine
from tests.builders.databases import kinds
from tests.builders.walk import FIRST, SECOND, Walk, check_package, identifying, texts_of, values, walking
from web.settings import read_settings
from web.transaction import reading, unit
from web.wiring import open_service

NEWSLETTER = ("--purpose", "newsletter", "--channel", "email")
YES = ("--state", "given", "--notice", "newsletter@1", "--method", "web_form")
INVOICES_OF_2021 = 83


SHORT = [kind if kind == "sqlite" else pytest.param(kind, marks=pytest.mark.faults) for kind in kinds()]


@pytest.fixture(scope="module", params=SHORT)
def walk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Iterator[Walk]:
    """Customers and invoices, imported once for all walks of this module on one kind of database."""
    with walking(request.param, tmp_path_factory.mktemp("walk"), data_dir / "chinook") as made:
        yield made


@pytest.fixture(autouse=True)
def log_verifies(walk: Walk, tmp_path: Path) -> Iterator[None]:
    """The log verifies before each walk, and after it against the checkpoint that was taken before."""
    assert walk.cc("ledger", "verify")["ok"]
    walk.cc("ledger", "checkpoint", "--out", tmp_path / "before")
    yield
    after = walk.cc("ledger", "verify", "--against", tmp_path / "before")
    assert after["ok"] and after["discrepancies"] == [] and after["pending_destructions"] == 0


def test_access_then_erasure_then_access_again(walk: Walk) -> None:
    """Customer 2: everything is hers to see; then it goes, but for what the law keeps; that she still gets."""
    cc, her = walk.cc, walk.address("2")
    cc("consent", "record", "--email", her, *NEWSLETTER, *YES)
    seen = whole_access(walk, her)
    reference = erase(walk, her)
    check_outcome(cc, reference)
    assert cc("subjects", "find", "--email", her)["subject_ref"] is None
    assert walk.reason(her) == "unknown_subject"
    subject = ("--subject", cc("requests", "show", reference)["subject_ref"])
    assert cc("consent", "decide", *subject, *NEWSLETTER)["reason"] == "erased"
    what_is_left(walk, her, seen)
    again = cc("import", walk.customers, "--mapping", walk.customers.with_name("contacts.mapping.yaml"))
    assert again["created"] >= 1  # the file still names her; her objection outlived her data
    assert (walk.reason(her), walk.reason(her, "similar_products")) == ("suppressed", "suppressed")


def whole_access(walk: Walk, her: str) -> dict[tuple[str, str], list[str]]:
    reference = walk.receive("access", her)
    assert "received" in walk.refused("requests", "execute", reference)  # nobody has looked at who asks
    walk.cc("requests", "verify", reference, "--method", "email_code", "--by", FIRST)
    done = walk.cc("requests", "execute", reference)
    assert (done["status"], done["outcome"]) == ("closed", "done")
    files = walk.files_of(reference)
    check_package(walk, files, "2")
    person, found = walk.people["2"], values(files)
    assert found["cc_contact", "last_name"] == [person["last_name"]]
    assert sorted(found["cc_contact_point", "value"]) == sorted([person["email"], person["phone"]])
    assert len(found["cc_transaction", "number"]) == 7
    answer = json.loads(files["data.json"])
    assert {"purposes", "recipients", "retained", "sources", "automated_decisions"} <= set(answer)
    assert answer["purposes"] and all(one["article"] and one["kept"] for one in answer["purposes"])
    return found


def erase(walk: Walk, her: str) -> str:
    cc, reference = walk.cc, walk.verified("erasure", her)
    walk.refused("requests", "execute", reference)
    plan = ("--plan", cc("requests", "assess", reference, "--by", FIRST)["plan_sha256"])
    assert "second person" in walk.refused("requests", "approve", reference, *plan, "--by", FIRST)
    walk.refused("requests", "approve", reference, "--plan", "0" * 64, "--by", SECOND)
    cc("requests", "approve", reference, *plan, "--by", SECOND)
    assert cc("requests", "execute", reference)["outcome"] == "partial"
    size = cc("ledger", "verify")["size"]
    assert "closed" in walk.refused("requests", "execute", reference)
    assert cc("ledger", "verify")["size"] == size  # what was refused left no leaf
    return reference


def check_outcome(cc: CommandLine, reference: str) -> None:
    shown = cc("requests", "show", reference)
    kept = {
        (item["store"], item["article"], item["until"])
        for item in shown["items"]
        if item["outcome"] in ("retained", "archived")
    }
    assert ("cc_transaction", "17(3)(b)", "2031-12-31") in kept
    assert ("cc_consent_record", "17(3)(e)", "2031-11-23") in kept
    assert all(i["article"] and i["ground"] for i in shown["items"] if i["outcome"] in ("retained", "archived"))
    erased = {item["store"]: item["article"] for item in shown["items"] if item["outcome"] == "erased"}
    assert set(erased) >= {"cc_contact", "cc_contact_point", "cc_blind_index", "cc_external_id"}
    assert all(article.startswith("17(1)") for article in erased.values())
    out = cc.folder / "certificate"
    written = cc("requests", "certificate", reference, "--out", out)
    text = out.read_text(encoding="utf-8")
    body = open_note(text, [cc("ledger", "vkey")["vkey"]]).body
    statement = json.loads(body.splitlines()[1])
    assert (statement["kind"], statement["number"]) == ("erasure", written["certificate"])
    assert statement["body"]["plan_sha256"] == shown["plan_sha256"]


def what_is_left(walk: Walk, her: str, seen: dict[tuple[str, str], list[str]]) -> None:
    reference = walk.verified("access", her)
    assert walk.cc("requests", "execute", reference)["outcome"] == "done"
    files = walk.files_of(reference, lang="en")
    check_package(walk, files, "2")
    found = values(files)
    assert not [field for store, field in found if store in ("cc_contact", "cc_contact_point")]
    for field in ("number", "amount", "billing_name", "billing_street"):
        assert sorted(found["cc_transaction", field]) == sorted(seen["cc_transaction", field]), field
    retained = json.loads(files["data.json"])["retained"]
    assert "2031-12-31" in {one["until"] for one in retained} and all(one["ground"] for one in retained)
    assert walk.people["2"]["phone"] not in texts_of(files)


def test_portability_takes_only_what_the_person_gave(walk: Walk) -> None:
    him = walk.people["3"]
    reference = walk.verified("portability", him["email"])
    assert walk.cc("requests", "execute", reference)["outcome"] == "done"
    files = walk.files_of(reference)
    stores = json.loads(files["data.json"])["stores"]
    origins = {value["provenance"] for store in stores for row in store["rows"] for value in row["values"]}
    assert origins and origins <= {"provided", "observed"}
    assert "cc_contact" in {store["store"] for store in stores}
    assert not {store["store"] for store in stores} & {"cc_transaction", "cc_request", "cc_log_content"}
    card = vobject.readOne(files["contact.vcf"].decode())
    assert card.fn.value == f"{him['first_name']} {him['last_name']}" and card.email.value == him["email"]
    walk.refused("requests", "package", walk.verified("access", him["email"]), "--out", walk.cc.folder / "pkg")


def test_rectification_is_followed_by_decisions_and_by_recipients(walk: Walk) -> None:
    cc, old, new = walk.cc, walk.address("4"), "bjorn.hansson@courriel.example"
    cc("consent", "record", "--email", old, *NEWSLETTER, *YES)
    disclosed(walk, old, "mailing_provider")
    proof = cc.folder / "proof.pdf"
    proof.write_bytes(b"%PDF- a letter of hers")
    changes = ("--set", f"email={new}", "--set", "last_name=Hansson")
    reference = walk.verified("rectification", old, *changes, "--evidence", proof)
    items = cc("requests", "execute", reference)["items"]
    assert {(item["field"], item["outcome"]) for item in items} == {("email", "rectified"), ("last_name", "rectified")}
    assert cc("subjects", "find", "--email", old)["subject_ref"] is None
    assert (walk.reason(new), walk.reason(old)) == ("consent_given", "unknown_subject")
    (told,) = walk.letters_to("rgpd@exemple-envois.example")
    assert new in told and "Hansson" in told
    with open_service(read_settings(cc.environment)) as wired, reading(wired.sessions) as session:
        case = read_content(wired.keyring, find_request(session, reference))
    assert case["evidence"] == f"sha256:{hashlib.sha256(proof.read_bytes()).hexdigest()}"
    assert all(value in str(case) for value in (old, new, "Hansen", "Hansson"))  # what it was, what it is


def disclosed(walk: Walk, address: str, recipient: str) -> None:
    person = UUID(walk.cc("subjects", "find", "--email", address)["subject_ref"])
    with open_service(read_settings(walk.cc.environment)) as wired, unit(wired.sessions) as session:
        record_disclosure(session, [person], recipient, "newsletter", ["contact"], wired.policy, wired.now())


def test_a_plan_that_changed_is_not_the_one_approved(walk: Walk) -> None:
    cc, her = walk.cc, walk.address("7")
    reference = walk.verified("erasure", her)
    before = cc("requests", "assess", reference, "--by", FIRST)["plan_sha256"]
    cc("consent", "record", "--email", her, *NEWSLETTER, *YES)
    after = cc("requests", "assess", reference, "--by", FIRST)["plan_sha256"]
    assert before != after
    walk.refused("requests", "approve", reference, "--plan", before, "--by", SECOND)
    assert cc("requests", "approve", reference, "--plan", after, "--by", SECOND)["status"] == "approved"
    told = cc("requests", "refuse", reference, "--ground", "manifestly_unfounded", "--reason", "no", "--by", FIRST)
    assert (told["outcome"], told["told"]) == ("refused", True)
    assert cc("subjects", "find", "--email", her)["subject_ref"]


def test_strangers_get_the_same_answer_until_they_prove_who_they_are(walk: Walk) -> None:
    answers, texts = [], []
    for address in (walk.address("8"), "personne@courriel.example"):
        answer = walk.cc("requests", "receive", "--right", "access", "--email", address)
        (text,) = walk.letters_to(address)
        texts.append(text.replace(answer.pop("reference"), "REFERENCE"))
        answers.append(answer)
    assert answers[0] == answers[1] and texts[0] == texts[1]
    reference = walk.verified("access", "quidam@courriel.example")
    assert walk.cc("requests", "execute", reference)["outcome"] == "not_found"
    assert any("11(2)" in text for text in walk.letters_to("quidam@courriel.example"))
    walk.refused("requests", "package", reference, "--out", walk.cc.folder / "pkg")


def test_a_marketing_objection_takes_effect_at_receipt(walk: Walk) -> None:
    cc, known, unknown = walk.cc, walk.address("9"), "inconnue@courriel.example"
    cc("consent", "record", "--email", known, *NEWSLETTER, *YES)
    assert walk.reason(known) == "consent_given"
    for address in (known, unknown):
        reference = walk.receive("objection", address, "--scope", "marketing")
        shown = cc("requests", "show", reference)
        assert (shown["status"], shown["outcome"]) == ("closed", "done")
    assert (walk.reason(known), walk.reason(known, "similar_products")) == ("suppressed", "objection")
    people = cc.folder / "later.csv"
    people.write_text(f"id,email\n1,{unknown}\n", encoding="utf-8")
    mapping = cc.folder / "later.yaml"
    mapping.write_text("{entity: contact, external_id: {system: fair, column: id}, fields: {email: email}}\n")
    cc("import", people, "--mapping", mapping)
    assert walk.reason(unknown, "similar_products") == "suppressed"


def test_the_breach_clock_counts_hours_not_clock_faces(walk: Walk) -> None:
    spring = walk.on("2027-03-27T08:00:00+01:00")  # the night after, one hour is missing
    what = ("--nature", "confidentiality", "--summary", "A list went to the wrong recipient.")
    opened = spring("breaches", "open", "--aware-at", "2027-03-26T18:00:00+01:00", *what)
    assert opened["notify_by"] == "2027-03-29T17:00:00Z"  # Monday, 19:00 on the clocks of Paris
    late = ("breaches", "open", "--aware-at", "2027-03-26T18:00:00+01:00", *what)
    assert "still to come" in walk.refused(*late)


def test_the_register_is_composed_and_has_no_gap(walk: Walk, tmp_path: Path) -> None:
    out = tmp_path / "register.json"
    answer = walk.cc("register", "export", "--format", "json", "--lang", "en", "--out", out)
    assert answer["problems"] == [] and walk.cc("register", "check")["activities"] == answer["activities"]
    text = out.read_text(encoding="utf-8")
    register = json.loads(text)
    assert len(register["activities"]) == answer["activities"] >= 5
    assert "Exemplia Jardins SAS" in text and "Code de commerce" in text
    assert not [needle for person in walk.people.values() for needle in identifying(person) if needle in text]


def test_what_is_due_goes_years_later(walk: Walk) -> None:
    """The last walk: invoices go ten years after their accounting year, customers three years after their last word."""
    new_year = "2032-01-02"
    assert walk.cc("retention", "plan")["due"] == {}
    planned = walk.cc("retention", "plan", "--at", new_year)["due"]
    assert walk.cc("retention", "plan", "--at", "2031-12-31")["due"].get("invoice", 0) == 0
    erase(walk, walk.address("10"))
    assert walk.cc("retention", "plan", "--at", new_year)["due"] == planned  # what moved to the archive is due no later
    later = walk.on(f"{new_year}T09:00:00+01:00")
    dry = later("retention", "sweep", "--dry-run")
    assert (dry["due"], dry["done"]) == (planned, {}) and later("retention", "plan")["due"] == planned
    size = later("ledger", "verify")["size"]
    assert later("retention", "sweep")["done"] == planned
    assert 0 < planned["invoice"] <= INVOICES_OF_2021
    assert later("ledger", "verify")["size"] > size and later("retention", "plan")["due"] == {}

    last = walk.cc("retention", "plan", "--at", "2036-01-02")["due"]
    assert last["prospects"] > 40 and last["invoice"] > planned["invoice"]  # customers whose last invoice has gone too
