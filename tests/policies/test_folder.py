"""The folder's hash follows every text and nothing else; what has no place in it is refused."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies import folder as folders
from policies.folder import PoliciesRefused, fingerprint, gather
from policies.plain_text import UnreadableFile


def files_of(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def test_every_change_of_any_file_changes_the_hash(organisation: Path) -> None:
    seen = {gather(organisation).sha256}
    for path in files_of(organisation):
        before = path.read_bytes()
        path.write_bytes(before + b" ")
        seen.add(gather(organisation).sha256)
        path.write_bytes(before)
    text = organisation / "notices/newsletter/1/en.md"
    text.rename(text.with_name("de.md"))
    seen.add(gather(organisation).sha256)
    assert len(seen) == len(files_of(organisation)) + 2


def test_the_hash_is_the_same_for_crlf_a_byte_order_mark_and_any_order(organisation: Path, tmp_path: Path) -> None:
    wanted = gather(organisation).sha256
    other = tmp_path / "other"
    for path in reversed(files_of(organisation)):
        copy = other / path.relative_to(organisation)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert gather(other).sha256 == wanted


def test_the_hash_is_that_of_a_checksum_listing(organisation: Path) -> None:
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(organisation).as_posix()}\n"
        for path in organisation.rglob("*")
        if path.is_file()
    ]
    lines.sort(key=lambda line: line[66:].encode())
    assert gather(organisation).sha256 == hashlib.sha256("".join(lines).encode()).hexdigest()


TEXTS = st.dictionaries(st.text("ab/.", min_size=1, max_size=4), st.text("xy\n", max_size=4), max_size=4)


@given(TEXTS, TEXTS)
def test_only_equal_folders_have_equal_hashes(one: dict[str, str], other: dict[str, str]) -> None:
    assert (fingerprint(one) == fingerprint(other)) == (one == other)
    assert fingerprint(dict(reversed(one.items()))) == fingerprint(one)


def test_dot_files_are_neither_read_nor_hashed(organisation: Path) -> None:
    wanted = gather(organisation)
    (organisation / ".git").mkdir()
    (organisation / ".git/HEAD").write_bytes(b"\xff\x00")
    (organisation / "purposes/.newsletter.yaml.swp").write_bytes(b"\x00")
    assert gather(organisation) == wanted


@pytest.mark.parametrize(
    "name",
    [
        "notes.txt",
        "purposes/a.yml",
        "purposes/Upper.yaml",
        "purposes/a.yaml~",
        "notices/a/0/fr.md",
        "notices/a/1/fra.md",
        "purposes/é.yaml",
        "purposes/a\nb.yaml",
        "extra/policy.yaml",
    ],
)
def test_a_file_without_a_place_is_refused(name: str, organisation: Path) -> None:
    path = organisation / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a: 1\n")
    with pytest.raises(PoliciesRefused, match="has no place in a policies folder") as refused:
        gather(organisation)
    assert "\n" not in str(refused.value)


def test_links_out_of_the_folder_are_refused_and_links_inside_are_followed(organisation: Path, tmp_path: Path) -> None:
    wanted = gather(organisation).sha256
    store = organisation / "..data"
    store.mkdir()
    (organisation / "purposes").rename(store / "purposes")
    (organisation / "purposes").symlink_to(store / "purposes")
    (organisation / "policy.yaml").rename(store / "policy.yaml")
    (organisation / "policy.yaml").symlink_to("..data/policy.yaml")
    assert gather(organisation).sha256 == wanted

    outside = tmp_path / "outside.yaml"
    outside.write_text("a: 1\n")
    (organisation / "purposes/outside.yaml").symlink_to(outside)
    with pytest.raises(PoliciesRefused, match=r"purposes/outside\.yaml: is a link that leads out"):
        gather(organisation)


@pytest.mark.parametrize("target", ["/", "..", "nowhere", "link"])
def test_links_to_other_folders_nowhere_or_themselves_are_refused(target: str, organisation: Path) -> None:
    (organisation / "purposes/link").symlink_to(target if target != ".." else organisation.parent)
    with pytest.raises(PoliciesRefused, match="is a link that leads out of the folder"):
        gather(organisation)


def test_a_circle_of_links_ends(organisation: Path) -> None:
    (organisation / "purposes/again").symlink_to(organisation)
    with pytest.raises(PoliciesRefused):
        gather(organisation)


def test_more_files_than_allowed_are_refused(organisation: Path) -> None:
    for number in range(folders.MAX_FILES):
        (organisation / f"purposes/p{number}.yaml").touch()
    with pytest.raises(PoliciesRefused, match="more than 500 files"):
        gather(organisation)


def test_more_bytes_than_allowed_are_refused(organisation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_TOTAL_BYTES", 10_000)
    with pytest.raises(PoliciesRefused, match="more than 10000 bytes"):
        gather(organisation)


@pytest.mark.parametrize(
    ("raw", "cause"),
    [(b"x" * 300_000, "more than 262144 bytes"), ("# é".encode("latin-1"), "not UTF-8"), (b"# a\x00", "U+0000")],
)
def test_a_text_that_is_none_is_refused(raw: bytes, cause: str, organisation: Path) -> None:
    (organisation / "notices/newsletter/1/fr.md").write_bytes(raw)
    with pytest.raises(UnreadableFile, match=r"^notices/newsletter/1/fr\.md") as refused:
        gather(organisation)
    assert cause in str(refused.value)


def test_a_pipe_does_not_hang_the_reader(organisation: Path) -> None:
    os.mkfifo(organisation / "purposes/pipe.yaml")
    with pytest.raises(UnreadableFile, match="not an ordinary file"):
        gather(organisation)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(PoliciesRefused, match="gone is not there; see CONSENTCORE_POLICIES"):
        gather(tmp_path / "gone")
