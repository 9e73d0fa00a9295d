"""A record in every form: what each holds, that it verifies, and what it keeps to itself."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pikepdf
import pytest
from sqlalchemy.orm import Session, sessionmaker

from consentcore.consent.tables import ConsentState
from consentcore.crypto.keyring import Keyring
from consentcore.errors import Conflict, NotFound
from consentcore.ledger import merkle, verify_receipt
from consentcore.ledger.certificates import issue
from consentcore.ledger.checkpoint import open_checkpoint
from tests.builders.databases import Database
from tests.builders.policies import shipped
from tests.builders.proven import EMAIL, FORM, Proven, proven
from tests.builders.wired import wired_service
from web.receipts import MEDIA_TYPES, Exported, ReceiptForm, export
from web.transaction import reading, unit

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def known(database: Database, bound: sessionmaker[Session], keyring: Keyring, now: datetime, tmp_path: Path) -> Proven:
    return proven(wired_service(database, bound, keyring, now, tmp_path))


def made(known: Proven, form: ReceiptForm, *, lang: str = "fr", withdrawn: bool = False) -> Exported:
    with reading(known.wired.sessions) as session:
        return export(session, known.wired, known.withdrawn if withdrawn else known.given, form, lang)


def embedded(pdf: bytes) -> dict[str, bytes]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return {name: file.get_file().read_bytes() for name, file in opened.attachments.items()}


def test_each_form_has_a_media_type_and_a_name_that_names_nobody(known: Proven) -> None:
    names = set()
    for form in ReceiptForm:
        found = made(known, form)
        assert found.media_type == MEDIA_TYPES[form] and not found.erased
        assert re.fullmatch(r"consent-(receipt|proof)-\d+\.[a-z.-]+", found.file_name)
        names.add(found.file_name)
    assert len(names) == len(ReceiptForm) == len(set(MEDIA_TYPES.values()))


def test_the_receipt_verifies(known: Proven) -> None:
    receipt = json.loads(made(known, ReceiptForm.RECEIPT).content)
    assert verify_receipt.verify(receipt, known.wired.keyring.log_signer().vkey) == "proved"
    assert receipt["content"]["payload"]["contact_point"] == EMAIL


@pytest.mark.parametrize("form", [ReceiptForm.TS_27560, ReceiptForm.KANTARA, ReceiptForm.TLOG_PROOF])
def test_other_forms_hold_no_address(known: Proven, form: ReceiptForm) -> None:
    assert EMAIL not in made(known, form).content.decode()


def test_the_tlog_proof_follows_the_specification_and_leads_to_the_root(known: Proven) -> None:
    text = made(known, ReceiptForm.TLOG_PROOF).content.decode()
    assert text.endswith("\n")
    head, _, checkpoint = text.partition("\n\n")
    title, extra, index, *hashes = head.split("\n")
    assert title == "c2sp.org/tlog-proof@v1"
    assert re.fullmatch(r"extra [A-Za-z0-9+/]+={0,2}", extra) and re.fullmatch(r"index (0|[1-9]\d*)", index)
    said = open_checkpoint(checkpoint, [known.wired.keyring.log_signer().vkey])
    leaf = merkle.leaf_hash(base64.b64decode(extra.removeprefix("extra ")))
    proof = [base64.b64decode(one, validate=True) for one in hashes]
    merkle.verify_inclusion(leaf, int(index.removeprefix("index ")), said.size, proof, said.root)
    header = json.loads(base64.b64decode(extra.removeprefix("extra ")))
    assert header["type"] == "consent.given" and str(known.person) not in text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_pdf_is_an_archive_that_holds_the_receipt_byte_for_byte(known: Proven, lang: str) -> None:
    drawn = made(known, ReceiptForm.PDF, lang=lang).content
    files = embedded(drawn)
    receipt = made(known, ReceiptForm.RECEIPT).content
    vkey = known.wired.keyring.log_signer().vkey
    assert files == {"receipt.json": receipt, "log.vkey": f"{vkey}\n".encode()}
    assert verify_receipt.verify(json.loads(files["receipt.json"]), vkey) == "proved"
    with pikepdf.open(io.BytesIO(drawn)) as opened:
        metadata = opened.Root.Metadata.read_bytes().decode()
        assert 'pdfaid:part="3"' in metadata and 'pdfaid:conformance="A"' in metadata
        relations = {str(one.UF): (str(one.AFRelationship), str(one.EF.F.Subtype)) for one in opened.Root.AF}
        assert relations["receipt.json"] == ("/Source", "/application/json")
        assert relations["log.vkey"][0] == "/Supplement"
        assert opened.Root.MarkInfo.Marked and str(opened.Root.Lang) == lang
        assert str(opened.Root.OutputIntents[0].S) == "/GTS_PDFA1"
        checked = opened.attachments["receipt.json"].get_file()
        assert checked.md5 == hashlib.md5(receipt, usedforsecurity=False).digest()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_pdf_repeats_its_bytes(known: Proven) -> None:
    assert made(known, ReceiptForm.PDF).content == made(known, ReceiptForm.PDF).content


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_two_commands_on_the_sheet_work(known: Proven, tmp_path: Path) -> None:
    for name, content in embedded(made(known, ReceiptForm.PDF).content).items():
        (tmp_path / name).write_bytes(content)
    alone = [sys.executable, str(ROOT / "consentcore/ledger/verify_receipt.py"), "receipt.json", "--vkey", "log.vkey"]
    done = subprocess.run(alone, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "proved")
    receipt = tmp_path / "receipt.json"
    receipt.write_bytes(receipt.read_bytes().replace(b'"given"', b'"refused"'))
    assert subprocess.run(alone, cwd=tmp_path, capture_output=True, check=False, timeout=60).returncode == 3


def test_a_yes_alone_can_be_a_kantara_receipt(known: Proven) -> None:
    assert json.loads(made(known, ReceiptForm.KANTARA).content)["version"] == "KI-CR-v1.1.0"
    with pytest.raises(Conflict, match="only say that consent was given"):
        made(known, ReceiptForm.KANTARA, withdrawn=True)


def test_a_purpose_that_the_policies_forgot_leaves_what_needs_no_description(known: Proven) -> None:
    policy = shipped()
    left = {name: one for name, one in policy.purposes.items() if name != "newsletter"}
    later = replace(known, wired=replace(known.wired, policy=replace(policy, purposes=left)))
    for form in (ReceiptForm.RECEIPT, ReceiptForm.TLOG_PROOF):
        assert made(later, form).content
    for form in (ReceiptForm.TS_27560, ReceiptForm.KANTARA):
        with pytest.raises(Conflict, match="no longer"):
            made(later, form)


def test_an_unknown_record_is_not_found(known: Proven) -> None:
    for form in ReceiptForm:
        with reading(known.wired.sessions) as session, pytest.raises(NotFound):
            export(session, known.wired, uuid4(), form, "fr")


def test_the_newest_declaration_is_the_state_of_the_record(known: Proven, now: datetime) -> None:
    known.declare(ConsentState.GIVEN, now - timedelta(hours=1), language="en")
    record = json.loads(made(known, ReceiptForm.TS_27560).content)["dpv:hasRecordOfActivity"][0]
    states = [one["@type"] for one in record["dpv:hasConsentStatus"]]
    assert states == ["dpv:ConsentGiven", "dpv:ConsentWithdrawn", "dpv:ConsentGiven"]
    assert record["dct:language"] == ["en", "fr"] and len(record["dpv:hasNotice"]) == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_after_an_erasure_every_form_keeps_to_what_is_left(known: Proven, now: datetime) -> None:
    with unit(known.wired.sessions) as session:
        number = issue(session, "erasure", {"subject": "one"}, now, erases=known.person).number
    receipt = made(known, ReceiptForm.RECEIPT)
    vkey = known.wired.keyring.log_signer().vkey
    assert receipt.erased and EMAIL not in receipt.content.decode()
    assert (
        verify_receipt.verify(json.loads(receipt.content), vkey) == f"proved, content erased under certificate {number}"
    )
    for lang in ("fr", "en"):
        drawn = made(known, ReceiptForm.PDF, lang=lang).content
        assert embedded(drawn)["receipt.json"] == receipt.content and number in text_of(drawn)
        assert FORM not in text_of(drawn), "the evidence went with the content"


def text_of(pdf: bytes) -> str:
    """Return the text of a PDF as poppler reads it, without line breaks."""
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("pdftotext is not here: what the sheet says is checked in its HTML alone")
    done = subprocess.run([tool, "-", "-"], input=pdf, capture_output=True, check=True, timeout=60)
    return done.stdout.decode().replace("\n", "").replace(" ", "")
