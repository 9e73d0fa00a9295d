"""The walk for developers of a CRM works as it is written: its blocks run in order against a served demo."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.site import NOW, Site, demo_template, served
from tests.builders.source import ROOT

WALK = "docs/crm-walk.md"
TOOLS = ("bash", "curl", "sed", "python3")
ADDRESS = "http://127.0.0.1:8000"
"""Where `make run` serves, as the document says."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo, served from a folder that looks like a clone after `make run`."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"the walk is typed into a shell, which lacks: {', '.join(missing)}")
    own = tmp_path_factory.getbasetemp()
    shared = (own if "PYTEST_XDIST_WORKER" not in os.environ else own.parent) / "site"
    shared.mkdir(exist_ok=True)
    with served(demo_template(shared), tmp_path_factory.mktemp("walk") / "site") as one:
        (one.folder / ".venv").symlink_to(sys.prefix)
        (one.folder / "consentcore").symlink_to(ROOT / "consentcore")
        yield one


def blocks(language: str) -> list[str]:
    """Return the blocks of the document in one language, in order."""
    text = (ROOT / WALK).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def run(site: Site, *command: str) -> str:
    """Run a program in the clone as a developer would, and return what it printed; a failure shows all of it."""
    ours = {name: text for name, text in os.environ.items() if not name.startswith("CONSENTCORE_")}
    key = (site.folder / "var/demo/apikey.txt").read_text("utf-8").strip()
    given = {"CONSENTCORE_ENV": "development", "CONSENTCORE_NOW": NOW, "CC_URL": site.root, "CC_KEY": key}
    ran = subprocess.run(
        command, cwd=site.folder, env=ours | given, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def found(name: str, printed: str) -> list[str]:
    """Return every value of a member, in order."""
    return re.findall(rf'"{name}": ?"([^"]+)"', printed)


def test_every_line_for_the_shell_works(site: Site) -> None:
    typed = blocks("sh")
    printed = [f"{block}\nprintf '\\n@@\\n'" for block in typed]
    script = "set -euo pipefail\n" + "\n".join(printed).replace(ADDRESS, site.root)
    begin, decided, made, no, shared, proof, objected, erasing, again, refused, *rest = run(
        site, "bash", "-c", script
    ).split("\n@@\n")
    assert rest == [""]
    assert found("status", begin) == ["ready"]
    assert found("reason", decided) == ["consent_given", "consent_refused", "unknown_subject"]
    (first,) = set(found("record_id", made))
    assert found("state", made) == ["given"] and len(found("record_id", made)) == 2
    assert no.split()[1] == "consent_withdrawn" and no.split()[0] != first
    assert shared.splitlines()[0].endswith(":shared_contact_point") and len(found("subject_ref", shared)) == 2
    assert proof.splitlines()[-1] == "proved"
    assert found("status", objected) == ["closed"] and objected.splitlines()[-1] in ("objection", "suppressed")
    assert found("status", erasing) == ["received"] and found("right", erasing) == ["erasure"]
    assert again.strip() == "304"
    assert [one.rpartition(":")[2] for one in found("type", refused)] == ["invalid_request", "unknown_purpose"]
    assert sorted(found("pointer", refused)) == ["#/channel", "#/email"]
    assert refused.strip().endswith(":idempotency_key_reused")


def test_every_block_of_python_works(site: Site, tmp_path: Path) -> None:
    script = tmp_path / "walk.py"
    script.write_text("\n".join(blocks("python")), encoding="utf-8")
    run(site, sys.executable, "-W", "error", str(script))


def test_the_explorers_lines_work_as_they_stand(site: Site) -> None:
    """What the page offers to paste is answered: the question with curl and with Python, a record with curl."""
    with urllib.request.urlopen(f"{site.root}/api/v1/explorer?lang=en") as answer:  # noqa: S310 - our own server
        page = answer.read().decode()
    offered = {
        (kind, name): html.unescape(text)
        for kind, name, text in re.findall(r'<code data-(curl|python)="(\w+)">(.*?)</code>', page, re.DOTALL)
    }
    root = site.service.settings.base_url
    asked = offered["curl", "decide"].replace(root, site.root)
    assert json.loads(run(site, "bash", "-c", asked))["reason"] == "consent_given"
    program = offered["python", "decide"].replace(root, site.root)
    assert "'reason': 'consent_given'" in run(site, sys.executable, "-W", "error", "-c", program)
    if shutil.which("openssl") is not None:
        recorded = offered["curl", "record_consent"].replace(root, site.root)
        assert json.loads(run(site, "bash", "-c", recorded))["record_id"]


def test_the_documents_lead_to_each_other() -> None:
    assert "(embedding.md)" in (ROOT / WALK).read_text("utf-8")
    assert "(crm-walk.md)" in (ROOT / "docs/embedding.md").read_text("utf-8")
