"""One installation that holds Chinook's customers and invoices, and what a test asks of it by the commands alone."""

from __future__ import annotations

import csv
import email
import email.policy
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import throw_away_urls

TODAY = "2026-11-23T09:00:00+01:00"
FIRST, SECOND = "anna@exemplia.example", "bea@exemplia.example"


@dataclass(frozen=True)
class Walk:
    """The installation, and who its customers are."""

    cc: CommandLine
    people: dict[str, dict[str, str]]
    customers: Path

    def on(self, instant: str) -> CommandLine:
        """Return the commands as they run at another instant."""
        return CommandLine(self.cc.folder, {**self.cc.environment, "CONSENTCORE_NOW": instant})

    def address(self, number: str) -> str:
        """Return the e-mail address of a customer."""
        return self.people[number]["email"]

    def receive(self, right: str, address: str, *more: object) -> str:
        """Take in a request; returns its reference."""
        return str(self.cc("requests", "receive", "--right", right, "--email", address, *more)["reference"])

    def verified(self, right: str, address: str, *more: object) -> str:
        """Take in a request and prove who asks; returns its reference."""
        reference = self.receive(right, address, *more)
        assert self.cc("requests", "verify", reference, "--method", "email_code", "--by", FIRST)["status"] == "verified"
        return reference

    def files_of(self, reference: str, lang: str = "fr") -> dict[str, bytes]:
        """Write the package of a request, read every file in it, and take the package away again."""
        out = Path(self.cc("requests", "package", reference, "--out", self.cc.folder / "pkg", "--lang", lang)["out"])
        with zipfile.ZipFile(out) as bundle:
            assert bundle.testzip() is None
            files = {name: bundle.read(name) for name in bundle.namelist()}
        out.unlink()
        return files

    def reason(self, address: str, purpose: str = "newsletter") -> str:
        """Ask whether the person may be written to, and return the reason of the answer."""
        matter = ("--purpose", purpose, "--channel", "email")
        return str(self.cc("consent", "decide", "--email", address, *matter)["reason"])

    def refused(self, *arguments: object) -> str:
        """Run a command that must fail, and return its one sentence."""
        result = self.cc.run(*arguments)
        assert result.exit_code == 1 and result.stderr.startswith("consentcore: "), result.output
        return result.stderr

    def letters_to(self, address: str) -> list[str]:
        """Deliver what waits, and return the texts of every mail to an address."""
        assert self.cc("jobs", "run", "--once")["failed"] == 0
        read = [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in (self.cc.folder / "mail").glob("*.eml")
        ]
        return [str(mail.get_content()) for mail in read if mail["To"] == address]


@contextmanager
def walking(kind: str, folder: Path, source: Path) -> Iterator[Walk]:
    """Install from nothing on one kind of database, and import the customers and invoices that lie in `source`."""
    with throw_away_urls(kind, folder / "databases") as urls:
        made = command_line(folder, *urls)
        cc = CommandLine(folder, {**made.environment, "CONSENTCORE_NOW": TODAY})
        cc("init")
        contacts = ("--mapping", source / "contacts.mapping.yaml")
        assert cc("import", source / "customer.csv", *contacts)["created"] == 59
        invoices = (source / "invoice.csv", "--mapping", source / "invoices.mapping.yaml")
        first, again = cc("import", *invoices), cc("import", *invoices)
        assert (first["created"], first["quarantined"], again["created"], again["duplicates"]) == (412, 0, 0, 412)
        with (source / "customer.csv").open(encoding="utf-8", newline="") as file:
            people = {row["customer_id"]: row for row in csv.DictReader(file)}
        yield Walk(cc, people, source / "customer.csv")


def texts_of(files: dict[str, bytes]) -> str:
    """Return everything readable in a package; the PDF is drawn from the same data and packed."""
    return "\n".join(content.decode() for name, content in files.items() if not name.endswith(".pdf"))


def identifying(person: dict[str, str]) -> list[str]:
    """Return what tells a customer from every other."""
    return [text for text in (person["email"], person["phone"], person["address"]) if len(text) > 7]


def values(files: dict[str, bytes]) -> dict[tuple[str, str], list[str]]:
    """Return the values of a package by store and field."""
    found: dict[tuple[str, str], list[str]] = {}
    for store in json.loads(files["data.json"])["stores"]:
        for row in store["rows"]:
            for value in row["values"]:
                found.setdefault((store["store"], value["field"]), []).append(value["value"])
    return found


def check_package(walk: Walk, files: dict[str, bytes], number: str) -> None:
    """Insist that a package is whole, is what its manifest says, and holds nobody else."""
    manifest = json.loads(files["manifest.json"])
    listed = {one["file"]: (one["sha256"], one["bytes"]) for one in manifest["files"]}
    held = {name: content for name, content in files.items() if name != "manifest.json"}
    assert listed == {name: (hashlib.sha256(content).hexdigest(), len(content)) for name, content in held.items()}
    assert {Path(name).suffix for name in files} >= {".json", ".csv", ".html", ".pdf"}
    assert files["summary.pdf"].startswith(b"%PDF-")
    text = texts_of(files)
    others = [needle for one, person in walk.people.items() if one != number for needle in identifying(person)]
    assert len(others) > 150 and not [needle for needle in others if needle in text]
    for name in files:
        if name.endswith(".csv"):
            rows = list(csv.reader(io.StringIO(files[name].decode("utf-8-sig"))))
            assert len(rows) > 1 and len({len(row) for row in rows}) == 1, name
