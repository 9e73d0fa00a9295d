"""A package holds the person, whole, and nobody else; none before the request was carried out (R-15-1, R-20-1)."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from consentcore.errors import InvalidTransition
from consentcore.requests import identity
from consentcore.requests.intake import Intake, receive
from consentcore.requests.tables import Right
from tests.builders.people import open_people
from web.jobs.packages import write_packages
from web.jobs.rights import carry_out
from web.transaction import unit
from web.wiring import Service

EMAIL, OTHER = "camille@courriel.example", "autre@courriel.example"


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_packages_of_access_and_portability(wired: Service, tmp_path: Path, lang: str) -> None:
    open_people(wired.sessions, wired.keyring, wired.now(), EMAIL, OTHER)
    with unit(wired.sessions) as session:
        intake = Intake((Right.ACCESS, Right.PORTABILITY), email=EMAIL)
        reference = receive(session, wired.policy, intake, wired.now()).reference
    with unit(wired.sessions) as session:
        identity.verify(session, wired.policy, reference, "email_code", "first@example.org", wired.now())
    with pytest.raises(InvalidTransition):
        write_packages(wired, reference, tmp_path / "out", lang)
    assert not (tmp_path / "out").exists()
    carry_out(wired, reference)
    whole, taken = write_packages(wired, reference, tmp_path / "out", lang)
    assert whole.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(whole) as archive:
        names = archive.namelist()
        content = b"".join(archive.read(name) for name in names)
        assert json.loads(archive.read("data.json"))
    assert {Path(name).suffix for name in names} >= {".json", ".csv", ".html", ".pdf"}
    assert b"Deschamps" in content and OTHER.encode() not in content and b"first@example.org" not in content
    with zipfile.ZipFile(taken) as archive:
        assert OTHER.encode() not in b"".join(archive.read(name) for name in archive.namelist())
