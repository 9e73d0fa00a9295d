"""The folder of policies as texts by path, and the one hash of them all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from consentcore.errors import ConfigurationError
from policies import plain_text

MAX_FILES = 500
MAX_TOTAL_BYTES = 8 * 1024 * 1024
_DEEPEST = 4

_ID = r"[a-z][a-z0-9_]{0,39}"
LAYOUT = MappingProxyType(
    {
        "policy": re.compile(r"policy\.yaml"),
        "controller": re.compile(r"controller\.yaml"),
        "recipients": re.compile(r"recipients\.yaml"),
        "retention": re.compile(r"retention\.yaml"),
        "ages": re.compile(r"ages\.yaml"),
        "contact_rules": re.compile(r"contact_rules/(?P<country>[a-z]{2})\.yaml"),
        "deadlines": re.compile(r"deadlines/(?P<country>[a-z]{2})\.yaml"),
        "purpose": re.compile(rf"purposes/(?P<id>{_ID})\.yaml"),
        "notice": re.compile(rf"notices/(?P<id>{_ID})/(?P<version>[1-9][0-9]{{0,3}})/notice\.yaml"),
        "text": re.compile(rf"notices/(?P<id>{_ID})/(?P<version>[1-9][0-9]{{0,3}})/(?P<language>[a-z]{{2}})\.md"),
        "readme": re.compile(r"README\.md"),
    }
)


class PoliciesRefused(ConfigurationError):
    """The organisation's policies cannot be used as they stand; the message names file, key path and way out."""

    default_code = "policies_refused"


@dataclass(frozen=True, slots=True)
class Folder:
    """Every text of the policies by its path with `/`, line ends LF, and `sha256` over them all."""

    texts: Mapping[str, str]
    sha256: str

    def kind(self, kind: str) -> Iterator[tuple[str, dict[str, str]]]:
        """Give path and named parts of each file of one kind of `LAYOUT`, in the order of their paths."""
        for path in self.texts:
            match = LAYOUT[kind].fullmatch(path)
            if match:
                yield path, match.groupdict()


def gather(folder: Path) -> Folder:
    """Read every file under `folder`, each of which must have a place in `LAYOUT`.

    Names that begin with a dot (an editor's or a version control's) are neither read nor hashed. A symbolic link
    must lead to a file or folder inside.

    Raises: PoliciesRefused, UnreadableFile.
    """
    root = folder.resolve()
    if not root.is_dir():
        raise PoliciesRefused(f"the policies folder {folder} is not there; see CONSENTCORE_POLICIES")
    texts: dict[str, str] = {}
    total = 0
    for path, name in sorted(_walk(root, root, ""), key=lambda found: found[1]):
        if not any(pattern.fullmatch(name) for pattern in LAYOUT.values()):
            raise PoliciesRefused(f"{ascii(name)[1:-1]}: has no place in a policies folder; remove or rename it")
        raw = plain_text.read_bytes(path, name=name)
        total += len(raw)
        if total > MAX_TOTAL_BYTES:
            raise PoliciesRefused(f"{name}: with it the policies hold more than {MAX_TOTAL_BYTES} bytes; shorten them")
        texts[name] = plain_text.decode(raw, name)
    return of_texts(texts)


def of_texts(texts: Mapping[str, str]) -> Folder:
    """Make a folder of texts by path that were read before."""
    return Folder(MappingProxyType(dict(texts)), fingerprint(texts))


def fingerprint(texts: Mapping[str, str]) -> str:
    """Hash texts by path, whatever their order: SHA-256, in hex, of a listing with one line for each file.

    The lines are those of `sha256sum` over the files in the byte order of their paths, so that for files with LF
    ends anybody can make the hash again:
    `find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum`.
    """
    lines = (f"{text_sha256(text)}  {path}\n" for path, text in sorted(texts.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def text_sha256(text: str) -> str:
    """Hash a text with LF ends as UTF-8: SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _walk(root: Path, folder: Path, prefix: str) -> Iterator[tuple[Path, str]]:
    waiting, seen = [(folder, prefix)], 0
    while waiting:
        folder, prefix = waiting.pop()
        for path in folder.iterdir():
            if path.name.startswith("."):
                continue
            name = prefix + path.name
            seen += 1
            if seen > MAX_FILES:
                raise PoliciesRefused(f"the policies folder holds more than {MAX_FILES} files; is it the right one?")
            if path.is_symlink() and not _leads_inside(path, root):
                raise PoliciesRefused(
                    f"{ascii(name)[1:-1]}: is a link that leads out of the folder; put the file there"
                )
            if not path.is_dir():
                yield path, name
            elif name.count("/") + 1 < _DEEPEST:
                waiting.append((path, name + "/"))
            else:
                raise PoliciesRefused(f"{ascii(name)[1:-1]}: is a folder too deep for policies; remove it")


def _leads_inside(link: Path, root: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        return False
