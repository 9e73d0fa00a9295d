"""A folder of policies to change, copied from the packaged one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

PACKAGED = Path(str(resources.files("policies"))) / "organisation"


@pytest.fixture
def organisation(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGED, tmp_path / "organisation"))


@pytest.fixture
def change(organisation: Path) -> Callable[[str, str, str], None]:
    """Replace a text that stands in a file."""

    def replace(file: str, old: str, new: str) -> None:
        text = (organisation / file).read_text(encoding="utf-8")
        assert old in text
        (organisation / file).write_text(text.replace(old, new), encoding="utf-8")

    return replace
