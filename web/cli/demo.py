"""`consentcore demo`: a made-up CRM, and a walk through the main job by the very commands anyone can type."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import click

from consentcore.ledger import verify_receipt
from web.cli import consent, importing, ledger, prepare, register, requests, retention, subjects
from web.cli.command import AS_JSON, Command
from web.cli.printing import show
from web.settings import read_settings

PERSON = "camille.deschamps@courriel.example"
FAMILY = "famille.marchand@courriel.example"
CURIOUS = "lucie.fournier-legoff@courriel.example"
LEAVING = "etienne.lacroix@courriel.example"
FIRST, SECOND = "anna@exemplia-jardins.example", "bea@exemplia-jardins.example"
LONG_AFTER = "2037-01-02"
MATTER = ("--purpose", "newsletter", "--channel", "email")


@click.command(cls=Command)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where to put the receipt, the package, the certificate, the public key and the checkpoint.",
)
def demo(out: Path) -> dict[str, Any]:
    """Initialise, import a made-up CRM and walk through it; nobody in the data exists."""
    out.mkdir(parents=True, exist_ok=True)
    with resources.as_file(resources.files("web") / "demo") as folder:
        imported = _prepare(folder)
    receipt = _consent(out)
    package = _access(out)
    erased = _erasure(out)
    _keeping()
    verified = _prove(out, receipt)
    _say("Done. Everything above stays in the databases; every command takes --json, and -h explains it.")
    return {
        "made_up": True,
        "database": read_settings(os.environ).database_url,
        "rows": imported["rows"],
        "quarantined": imported["quarantined"],
        "receipt": str(receipt),
        "package": package,
        "erasure": erased["outcome"],
        "certificate": erased["certificate"],
        "log_size": verified["size"],
        "log_ok": verified["ok"],
    }


def _prepare(folder: Path) -> dict[str, Any]:
    _say("1. Databases, a keyring apart, a key file, the log, the policies of a made-up French company")
    _run(prepare.init, "init")
    _say("2. A made-up CRM comes in: sealed field by field; a row that cannot be read waits in quarantine")
    mapping = folder / "contacts.mapping.yaml"
    imported = _run(importing.import_, "import", str(folder / "contacts.csv"), "--mapping", str(mapping))
    _run(importing.quarantine.commands["list"], "quarantine list")
    mapping = folder / "invoices.mapping.yaml"
    _run(importing.import_, "import", str(folder / "invoices.csv"), "--mapping", str(mapping))
    _say("3. A person is found by e-mail, in any case; two who share a mailbox are a match, never merged by themselves")
    _run(subjects.find, "subjects find", "--email", PERSON.upper())
    _run(subjects.find, "subjects find", "--email", FAMILY)
    return imported


def _consent(out: Path) -> Path:
    _say("4. May we write to her? Silence is not consent")
    _run(consent.decide, "consent decide", "--email", PERSON, *MATTER)
    _say("5. She says yes on a form, under a notice whose text is known by its hash")
    choice = ("--state", "given", "--notice", "newsletter@1/fr", "--method", "web_form")
    recorded = _run(consent.record, "consent record", "--email", PERSON, *MATTER, *choice)
    _run(consent.decide, "consent decide", "--email", PERSON, *MATTER)
    _say("6. Her receipt, which anyone can verify offline with one file and the log's public key")
    receipt = out / "receipt.json"
    _run(consent.receipt, "consent receipt", recorded["record_id"], "--out", str(receipt))
    _say("7. She withdraws: as easily as she gave (Art. 7(3))")
    choice = ("--state", "withdrawn", "--notice", "newsletter@1/fr", "--method", "portal")
    _run(consent.record, "consent record", "--email", PERSON, *MATTER, *choice)
    _run(consent.decide, "consent decide", "--email", PERSON, *MATTER)
    return receipt


def _access(out: Path) -> str:
    _say("8. Somebody asks what we hold about her. Who asks is verified first; then she gets one file (Art. 15)")
    reference = _received("access", CURIOUS)
    _run(_of(requests.requests, "execute"), "requests execute", reference, only=("status", "outcome", "due_on"))
    package = _run(_of(requests.requests, "package"), "requests package", reference, "--out", str(out / "packages"))
    return str(package["out"])


def _erasure(out: Path) -> dict[str, Any]:
    _say("9. Somebody asks to be erased. One person assesses: what goes, what stays, on which ground, until when")
    reference = _received("erasure", LEAVING)
    planned = ("plan_sha256", "items")
    plan = _run(_of(requests.requests, "assess"), "requests assess", reference, "--by", FIRST, only=planned)
    _say("10. Another person approves that very plan, by its hash; it is carried out, and certified")
    approval = ("--plan", plan["plan_sha256"], "--by", SECOND)
    _run(_of(requests.requests, "approve"), "requests approve", reference, *approval)
    ended = ("status", "outcome", "certificate")
    done = _run(_of(requests.requests, "execute"), "requests execute", reference, only=ended)
    _run(_of(requests.requests, "certificate"), "requests certificate", reference, "--out", str(out / "certificate"))
    _say("11. Partial: the law keeps his invoices, apart. Importing that file again would bring him back, unmarketed")
    _run(subjects.find, "subjects find", "--email", LEAVING)
    return done


def _keeping() -> None:
    _say("12. What is due to go: today, and on a day to come, if nothing happens until then")
    _run(_of(retention.retention, "plan"), "retention plan")
    _run(_of(retention.retention, "plan"), "retention plan", "--at", LONG_AFTER)
    _say("13. The record of processing is composed from the policies and the columns that really hold personal data")
    _run(_of(register.register, "check"), "register check")


def _received(right: str, email: str) -> str:
    received = _run(_of(requests.requests, "receive"), "requests receive", "--right", right, "--email", email)
    reference = str(received["reference"])
    _run(_of(requests.requests, "verify"), "requests verify", reference, "--method", "email_code", "--by", FIRST)
    return reference


def _of(group: click.Group, name: str) -> click.Command:
    return group.commands[name]


def _prove(out: Path, receipt: Path) -> dict[str, Any]:
    _say("14. The receipt still proves what was declared then; the log proves that nothing was rewritten since")
    vkey = _run(ledger.vkey, "ledger vkey")["vkey"]
    (out / "log.vkey").write_text(vkey + "\n", encoding="utf-8")
    answer = verify_receipt.verify(json.loads(receipt.read_text(encoding="utf-8")), vkey)
    if not _quiet():
        click.echo(f"   $ python consentcore/ledger/verify_receipt.py {receipt} --vkey {out / 'log.vkey'}\n{answer}")
    _run(ledger.checkpoint, "ledger checkpoint", "--out", str(out / "checkpoint"))
    return _run(ledger.verify, "ledger verify", "--against", str(out / "checkpoint"))


def _quiet() -> bool:
    return bool(click.get_current_context().meta.get(AS_JSON))


def _say(sentence: str) -> None:
    if not _quiet():
        click.secho(f"\n{sentence}", bold=True)


def _run(command: click.Command, typed: str, *arguments: str, only: Sequence[str] = ()) -> dict[str, Any]:
    """Run a command, and show it with its answer; where that is long, `only` these keys of it, and so it says."""
    if not isinstance(command, Command):
        raise TypeError(f"{typed} is no command of ours")
    quiet = _quiet()
    answer = command.answer(arguments)
    if not quiet:
        shown = [Path(one).name if one.endswith((".csv", ".yaml")) else one for one in arguments]
        click.echo(f"   $ consentcore {typed} {shlex.join(shown)}")
        show({key: answer[key] for key in only} if only else answer, as_json=False)
        if only:
            click.echo(f"({len(answer) - len(only)} more keys)")
    return answer
