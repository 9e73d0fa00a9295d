"""The published RFC 8785 pairs: those inside the log's profile match byte for byte, the others are refused by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rfc8785

from consentcore.errors import BadInput
from consentcore.ledger import canonical

INSIDE = ("arrays", "unicode")
OUTSIDE = ("french", "structures", "values", "weird")  # keys beyond ASCII, or floats


def pair(data_dir: Path, name: str) -> tuple[str, bytes]:
    folder = data_dir / "vectors" / "jcs" / "testdata"
    return (folder / "input" / f"{name}.json").read_text("utf-8"), (folder / "output" / f"{name}.json").read_bytes()


def test_the_pairs_are_all_named_here(data_dir: Path) -> None:
    folder = data_dir / "vectors" / "jcs" / "testdata" / "input"
    assert {path.stem for path in folder.iterdir()} == {*INSIDE, *OUTSIDE}


@pytest.mark.parametrize("name", INSIDE)
def test_inside_the_profile_the_bytes_match(data_dir: Path, name: str) -> None:
    given, wanted = pair(data_dir, name)
    assert canonical.encode(json.loads(given)) == wanted
    assert canonical.decode(wanted) == json.loads(given)


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside_the_profile_values_are_refused(data_dir: Path, name: str) -> None:
    given, _ = pair(data_dir, name)
    with pytest.raises(BadInput):
        canonical.encode(json.loads(given))


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside_the_profile_bytes_are_refused(data_dir: Path, name: str) -> None:
    _, wanted = pair(data_dir, name)
    if name == "structures":  # its canonical form has become whole numbers, so these bytes are inside
        assert canonical.encode(canonical.decode(wanted)) == wanted
        return
    with pytest.raises(BadInput):
        canonical.decode(wanted)


@pytest.mark.parametrize("name", [*INSIDE, *OUTSIDE])
def test_the_oracle_passes_all(data_dir: Path, name: str) -> None:
    given, wanted = pair(data_dir, name)
    assert rfc8785.dumps(json.loads(given)) == wanted
