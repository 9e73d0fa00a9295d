"""No file names a package registry or a folder of somebody's machine: such an address ages, and tells on its author."""

from __future__ import annotations

import re

import pytest

from tests.builders.source import ROOT, tracked_files

# In pieces, so that this file does not find itself.
REGISTRIES = (
    ("py", "pi.org"),
    ("files.python", "hosted.org"),
    ("npm", "js.org"),
    ("npm", "js.com"),
    ("deb.", "debian.org"),
    ("conda", ".anaconda.org"),
    ("crates", ".io"),
    ("proxy.go", "lang.org"),
)
PATHS = (("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), ("/Us", "ers/"), ("/opt/", "wheels"))
OPTIONS = (("--index", "-url"), ("--extra-index", "-url"), ("--find", "-links"), ("--trusted", "-host"))
FORBIDDEN = re.compile(
    "|".join(re.escape("".join(pieces)) for pieces in (*REGISTRIES, *OPTIONS))
    + "|"
    + "|".join(rf"(?<![\w./-]){re.escape(''.join(pieces))}" for pieces in PATHS)
)


def test_no_tracked_file_names_one() -> None:
    found = []
    for path in tracked_files():
        text = (ROOT / path).read_bytes().decode("utf-8", "replace")
        found += [f"{path}: {match.group()}" for match in FORBIDDEN.finditer(text)]
    assert not found


@pytest.mark.parametrize("pieces", [*REGISTRIES, *OPTIONS, *PATHS])
def test_each_is_seen(pieces: tuple[str, str]) -> None:
    assert FORBIDDEN.search(f"see {''.join(pieces)}x")


def test_ordinary_text_passes() -> None:
    assert not FORBIDDEN.search("src/work/x https://example.org/root/a consentcore/home/x pip install consentcore")
