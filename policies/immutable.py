"""What was once in force and may not be rewritten: texts of notices, versions of purposes (Art. 13(3), R-13-2)."""

from __future__ import annotations

from collections.abc import Iterable

from consentcore.errors import Conflict
from policies.assembly import stated_in
from policies.folder import Folder, text_sha256
from policies.schema import PurposeFile


def refuse_rewritten(applied: Iterable[Folder], wanted: Folder) -> None:
    """Refuse files that give an old number to something new, compared with every set that was ever in force.

    A version of a notice keeps its text in each language for ever: people were shown it. A purpose may go back to a
    version that was in force, but not give a lower number to other decisions.
    Raises: Conflict naming both hashes.
    """
    before = list(applied)
    for path, parts in wanted.kind("text"):
        name = f"{parts['id']}@{parts['version']}/{parts['language']}"
        for old in before:
            if path in old.texts and old.texts[path] != wanted.texts[path]:
                raise Conflict(
                    f"{path}: notice {name} was in force with another text ({_hashes(old, wanted, path)}); restore it "
                    "and write the next version beside it",
                    article="13(3)",
                )
    for path, _parts in wanted.kind("purpose"):
        _refuse_lowered(path, [old for old in before if path in old.texts], wanted)


def _refuse_lowered(path: str, before: list[Folder], wanted: Folder) -> None:
    if not before or any(old.texts[path] == wanted.texts[path] for old in before):
        return
    version = _version(wanted, path)
    highest = max(before, key=lambda old: _version(old, path))
    if version < _version(highest, path):
        raise Conflict(
            f"{path}: changes the purpose under version {version}, lower than {_version(highest, path)}, which was in "
            f"force ({_hashes(highest, wanted, path)}); raise version",
            article="13(3)",
        )


def _version(files: Folder, path: str) -> int:
    version: int = stated_in(files, path, PurposeFile)["version"]
    return version


def _hashes(old: Folder, wanted: Folder, path: str) -> str:
    return f"then {text_sha256(old.texts[path])}, now {text_sha256(wanted.texts[path])}"
