"""Strict YAML: what it gives, and every way in which it refuses."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from policies import strict_yaml
from policies.plain_text import UnreadableFile
from policies.strict_yaml import Limits, read

DEEP = b"a: " + b"[" * 60 + b"]" * 60
BOMB = b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"

HOSTILE = {
    "a repeated key": (b"a: 1\na: 2", "line 2, a: stands twice"),
    "a repeated key, deep": (b"a:\n  - b: 1\n    b: 2", "line 3, a[0].b: stands twice"),
    "a repeated key, once quoted": (b"a: 1\n'a': 2", "stands twice"),
    "an anchor": (b"a: &x 1", "anchor &x"),
    "an anchor on a key": (b"&x a: 1", "anchor &x"),
    "an alias": (b"a: [*x]", "a[0]: uses the alias *x"),
    "a bomb of aliases": (BOMB, "line 1, a: has the anchor"),
    "a merge key": (b"<<: {a: 1}", "unquoted <<"),
    "a value key": (b"=: 1", "unquoted ="),
    "a tag": (b"a: !!str 1", "! tag"),
    "a tag that makes objects": (b"a: !!python/object/apply:os.system [x]", "line 1, a: has a ! tag"),
    "the tag without a name": (b"a: ! b", "! tag"),
    "a tag on a mapping": (b"!!set {a: 1}", "! tag"),
    "a directive": (b"%YAML 1.1\n---\na: 1", "% directive"),
    "a tag directive": (b"%TAG ! tag:x,2000:\n---\na: 1", "% directive"),
    "two documents": (b"a: 1\n---\nb: 1", "second document"),
    "nothing": (b"", "is empty"),
    "a comment alone": (b"# a\n", "is empty"),
    "a list": (b"- a", "does not hold keys"),
    "a scalar": (b"a", "does not hold keys"),
    "deep nesting": (DEEP, "nested more than 12 deep"),
    "deep nesting without end": (b"a: " + b"[" * 200_000, "nested more than 12 deep"),
    "deep nesting of mappings": (b"{a: " * 50 + b"1" + b"}" * 50, "nested more than 12 deep"),
    "too many values": (b"a: [" + b"1," * 30_000 + b"]", "comes after 20000 values"),
    "too many bytes": (b"a: " + b"x" * 300_000, "more than 262144 bytes"),
    "a key that is a list": (b"? [a]\n: 1", "key that is not a single text"),
    "a key that is a number": (b"1: a", "not text; quote it"),
    "a key that is a date": (b"2026-01-01: a", "not text; quote it"),
    "a key that is null": (b"~: a", "not text; quote it"),
    "a NUL": (b"a: b\n\x00", "line 2: holds the control character U+0000"),
    "an escaped NUL": (b'a: "\\0"', "U+0000"),
    "a bell": (b"a: \x07", "U+0007"),
    "a bidirectional override": ("a: \u202ex".encode(), "U+202E"),
    "an escaped bidirectional override": (b'a: "\\u202E"', "U+202E"),
    "a line separator": ("a: x\u2028b".encode(), "U+2028"),
    "a byte order mark inside": ("a: \ufeffb".encode(), "U+FEFF"),
    "Latin-1": ("a: 1\nb: é".encode("latin-1"), "line 2: is not UTF-8"),
    "UTF-16": ("a: 1".encode("utf-16"), "is not UTF-8"),
    "an encoded surrogate": (b"a: \xed\xa0\x80", "is not UTF-8"),
    "a tab as indent": (b"a:\n\t- b", "line 2: is not YAML"),
    "an open bracket": (b"a: [b", "is not YAML"),
    "a day that is none": (b"a: 2026-02-30", "no calendar has"),
    "a date in another form": (b"a: 2026-1-5", "write YYYY-MM-DD"),
    "an instant": (b"a: 2026-01-05T10:00:00Z", "write YYYY-MM-DD"),
}


@pytest.fixture(params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    wanted = getattr(yaml, "CSafeLoader", None) if request.param == "libyaml" else yaml.SafeLoader
    if wanted is None:
        pytest.skip("PyYAML is here without libyaml")
    monkeypatch.setattr(strict_yaml, "PARSER", wanted)
    return str(request.param)


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_texts_are_refused_with_file_and_cause(kind: str, parser: str) -> None:
    raw, cause = HOSTILE[kind]
    with pytest.raises(UnreadableFile) as refused:
        read(raw, name="some.yaml")
    assert str(refused.value).startswith("some.yaml")
    assert cause in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "word",
    [
        "no",
        "No",
        "NO",
        "yes",
        "on",
        "off",
        "y",
        "N",
        "True",
        "FALSE",
        "Null",
        "007",
        "0x1F",
        "1_000",
        "1.5",
        "1e3",
        ".5",
        ".inf",
        ".NaN",
        "12:30",
        "+33199000000",
        "+1",
        "0o17",
        "1234567890123456",
        "1:2:3.5",
        "-.5",
    ],
)
def test_scalars_that_readers_take_in_different_ways_are_refused_unless_quoted(word: str, parser: str) -> None:
    with pytest.raises(UnreadableFile, match=r"line 2, b\.c\[1\]: is an? .*quote it"):
        read(f"a: 1\nb: {{c: [x, {word}]}}".encode())
    assert read(f"b: '{word}'".encode()) == {"b": word}
    with pytest.raises(UnreadableFile):
        read(f"{word}: a".encode())


def test_plain_values_come_as_what_they_look_like(parser: str) -> None:
    text = """
a: true
b: false
c: null
d: ~
e:
f: 0
g: -12
h: 2026-11-21
i: +33 1 99 00 12 34
j: 1.0.0
k: "2026-11-21"
l: |
  no
m: [x, {z: Code de commerce, art. L123-22}]
o: 2026-11-21 is a date
"""
    assert read(text.encode()) == {
        "a": True,
        "b": False,
        "c": None,
        "d": None,
        "e": None,
        "f": 0,
        "g": -12,
        "h": date(2026, 11, 21),
        "i": "+33 1 99 00 12 34",
        "j": "1.0.0",
        "k": "2026-11-21",
        "l": "no\n",
        "m": ["x", {"z": "Code de commerce", "art. L123-22": None}],
        "o": "2026-11-21 is a date",
    }


def test_a_byte_order_mark_at_the_start_and_foreign_line_ends_are_no_fault(parser: str) -> None:
    assert read(b"\xef\xbb\xbfa: |\r\n  x\r\n  y\rb: 1") == {"a": "x\ny\n", "b": 1}


def test_limits_are_the_callers(parser: str) -> None:
    assert read(b"a: [[1]]", limits=Limits(max_depth=2)) == {"a": [[1]]}
    with pytest.raises(UnreadableFile, match="nested more than 1 deep"):
        read(b"a: [[1]]", limits=Limits(max_depth=1))
    with pytest.raises(UnreadableFile, match="more than 3 bytes"):
        read(b"a: 1", limits=Limits(max_bytes=3))
    assert read(b"a: 1", limits=Limits(max_nodes=3)) == {"a": 1}
    with pytest.raises(UnreadableFile, match="comes after 2 values"):
        read(b"a: 1", limits=Limits(max_nodes=2))


def test_files_are_read_bounded_and_named(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_bytes(b"a: 1")
    assert read(file) == {"a": 1}
    file.write_bytes(b"a: " + b"x" * 300_000)
    with pytest.raises(UnreadableFile, match=r"^m\.yaml: holds more than 262144 bytes"):
        read(file)
    with pytest.raises(UnreadableFile, match=r"^gone\.yaml: cannot be read"):
        read(tmp_path / "gone.yaml")
    with pytest.raises(UnreadableFile, match="not an ordinary file"):
        read(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableFile, match="not an ordinary file"):
        read(tmp_path / "pipe")


def test_an_error_stays_one_printable_line_whatever_the_keys(parser: str) -> None:
    with pytest.raises(UnreadableFile) as refused:
        read(b'"a\\nb\\e[31m": {"' + b"k" * 5_000 + b'": 007}')
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=12)
TREES = st.recursive(
    WORDS | st.booleans() | st.integers(-(10**14), 10**14) | st.none() | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(WORDS, TREES, max_size=5))
def test_what_pyyaml_writes_is_read_as_it_was_or_refused_but_never_otherwise(tree: dict[str, object]) -> None:
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: object) -> bool:
            return True

    raw = yaml.dump(tree, Dumper=Plain, allow_unicode=True).encode()
    try:
        found = read(raw)
    except UnreadableFile:
        return
    assert found == tree


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        assert isinstance(read(raw), dict)
    except UnreadableFile as refused:
        assert str(refused)
