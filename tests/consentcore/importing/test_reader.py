from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consentcore.importing.faults import FileFault
from consentcore.importing.fixed_bytes import BLOCK
from consentcore.importing.reader import open_source

HEADER = "id,first,last,mail,tel,country\n"
ROW = "1,Zoé,Lefèvre,zoe@exemple.example,,France\n"


def rows_of(path: Path, mapping: Any) -> list[list[str]]:
    with open_source(path, mapping) as file:
        found = [list(row.values) for row in file.read()]
        assert len(found) == file.rows
        assert found == [list(row.values) for row in file.read()]
        return found


def write(folder: Path, content: bytes) -> Path:
    path = folder / "a.csv"
    path.write_bytes(content)
    return path


BAD = {
    "empty": (b"", "the file is empty"),
    "only blank lines": (b"\n\r\n\n", "the file is empty"),
    "only a mark": (b"\xef\xbb\xbf", "the file is empty"),
    "not UTF-8": ((HEADER + ROW).encode() + "2,Zoé,,,,\n".encode("cp1252"), "row 3, column 2: is not UTF-8"),
    "not UTF-8 in the header": ("id,prénom\n".encode("cp1252"), "row 1, column 2: is not UTF-8"),
    "UTF-16": ((HEADER + ROW).encode("utf-16"), "is not UTF-8"),
    "NUL": (HEADER.encode() + b"1,a,b,c\0d@e.example,,\n", "row 2, column 'mail': holds a NUL"),
    "missing column": (b"id,first,last,tel,country\n1,a,b,c,d\n", "row 1: there is no column 'mail'"),
    "column twice": (b"id,first,last,mail,tel,country,mail\n", "row 1: column 'mail' stands there twice"),
    "own column twice": (
        b"id,first,last,mail,tel,country,consentcore_quarantine_id,consentcore_quarantine_id\n",
        "'consentcore_quarantine_id' stands there twice",
    ),
    "10 MB field": ((HEADER + ROW).encode() + b"2," + b"x" * 10_000_000 + b",,,,\n", "row 3"),
    "10 MB quoted field": ((HEADER + ROW).encode() + b'2,"' + b"x\n" * 5_000_000 + b'",,,,\n', "row 3"),
    "10 MB without a line end": (HEADER.encode() + b"," * 10_000_000, "row 2"),
    "unbalanced quote": ((HEADER + ROW).encode() + b'2,"Zo\n3,,,,,\n', "row 3: a quoted field begins and never ends"),
    "text after a quote": (HEADER.encode() + b'1,"Jean "Jojo" D",,,,\n', "row 2: text follows the closing quote"),
    "too many columns": (
        ",".join(["id,first,last,mail,tel,country"] + ["x"] * 3000).encode(),
        "more than 2000 columns",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_faults_of_a_file_name_row_and_cause_in_the_first_pass(tmp_path: Path, mapping: Any, name: str) -> None:
    content, said = BAD[name]
    with (
        pytest.raises(FileFault, match=re.escape(said)) as caught,
        open_source(write(tmp_path, content), mapping()),
    ):
        pytest.fail("the file was let through")
    assert "xxxx" not in str(caught.value)
    assert "Jojo" not in str(caught.value)


def test_paths_that_hold_no_file(tmp_path: Path, mapping: Any) -> None:
    for path, said in ((tmp_path / "none.csv", "No such file"), (tmp_path, "not an ordinary file")):
        with pytest.raises(FileFault, match=said), open_source(path, mapping()):
            pytest.fail("something was opened")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_marks_line_ends_and_delimiters_are_found(
    tmp_path: Path, mapping: Any, delimiter: str, end: str, mark: bytes
) -> None:
    text = (HEADER + ROW + ROW).replace(",", delimiter).replace("\n", end)
    expected = ["1", "Zoé", "Lefèvre", "zoe@exemple.example", "", "France"]
    assert rows_of(write(tmp_path, mark + text.encode()), mapping()) == [expected, expected]


@pytest.mark.parametrize(
    ("stated", "codec"), [("windows-1252", "cp1252"), ("utf-16", "utf-16"), ("utf-16", "utf-16-be")]
)
def test_the_encoding_of_the_mapping_is_used(tmp_path: Path, mapping: Any, stated: str, codec: str) -> None:
    mark = b"\xfe\xff" if codec == "utf-16-be" else b""
    found = rows_of(write(tmp_path, mark + (HEADER + ROW).encode(codec)), mapping(encoding=stated))
    assert found[0][1:3] == ["Zoé", "Lefèvre"]


def test_a_byte_that_the_stated_encoding_lacks_is_a_fault(tmp_path: Path, mapping: Any) -> None:
    path = write(tmp_path, HEADER.encode() + b"1,a,b\x81,,,\n")
    with (
        pytest.raises(FileFault, match="row 2, column 3: is not windows-1252"),
        open_source(path, mapping(encoding="windows-1252")),
    ):
        pytest.fail("the file was let through")


def test_a_stated_delimiter_wins(tmp_path: Path, mapping: Any) -> None:
    path = write(tmp_path, HEADER.replace(",", "|").encode() + b"1|a,b|c|||\n")
    assert rows_of(path, mapping(delimiter="|")) == [["1", "a,b", "c", "", "", ""]]
    with pytest.raises(FileFault, match="no column"), open_source(path, mapping(delimiter=",")):
        pytest.fail("the file was let through")


def test_rows_are_numbered_as_a_spreadsheet_does_and_empty_ones_are_passed(tmp_path: Path, mapping: Any) -> None:
    path = write(tmp_path, (HEADER + '\n1,"a\nb",,,,\n,,,,,\n2,,,,,\n').encode())
    with open_source(path, mapping()) as file:
        assert [(row.number, row.values[0]) for row in file.read()] == [(3, "1"), (5, "2")]
        assert file.rows == 2


def test_a_file_with_a_header_alone_has_no_rows(tmp_path: Path, mapping: Any) -> None:
    assert rows_of(write(tmp_path, HEADER.encode()), mapping()) == []


@pytest.mark.parametrize("at", [len(HEADER) + 3, BLOCK + 10, 3 * BLOCK - 1])
def test_a_change_between_the_passes_is_found_before_its_bytes_are_used(tmp_path: Path, mapping: Any, at: int) -> None:
    content = bytearray(HEADER.encode() + b"1,aaaaaaaa,bbbb,,,\n" * 60_000)
    path = write(tmp_path, bytes(content))
    with open_source(path, mapping()) as file:
        rows = file.read()
        content[at] = ord("Q")
        path.write_bytes(bytes(content))
        with pytest.raises(FileFault, match="changed while"):
            for row in rows:
                assert "Q" not in "".join(row.values)


@pytest.mark.parametrize("change", ["longer", "shorter"])
def test_a_file_that_grew_or_shrank_between_the_passes_is_found(tmp_path: Path, mapping: Any, change: str) -> None:
    content = (HEADER + ROW * 20).encode()
    path = write(tmp_path, content)
    with open_source(path, mapping()) as file:
        path.write_bytes(content + ROW.encode() if change == "longer" else content[: -len(ROW.encode())])
        with pytest.raises(FileFault, match="changed while"):
            list(file.read())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tail=st.binary(max_size=300))
def test_any_bytes_are_a_file_or_a_fault(tmp_path: Path, mapping: Any, tail: bytes) -> None:
    path = write(tmp_path, HEADER.encode() + tail)
    try:
        with open_source(path, mapping()) as file:
            assert len(list(file.read())) == file.rows
    except FileFault as fault:
        assert str(fault)


@pytest.fixture
def generous_host() -> Iterator[None]:
    before = csv.field_size_limit(1 << 30)
    yield
    csv.field_size_limit(before)


def test_the_limit_holds_where_a_host_has_raised_its_own(tmp_path: Path, mapping: Any, generous_host: None) -> None:
    path = write(tmp_path, HEADER.encode() + b"1,a,b,,," + b"x" * 1_000_001 + b"\n")
    with pytest.raises(FileFault, match="row 2, column 6: holds more than 1000000"), open_source(path, mapping()):
        pytest.fail("the file was let through")


def test_a_long_field_under_the_limit_is_read(tmp_path: Path, mapping: Any) -> None:
    path = write(tmp_path, HEADER.encode() + b"1,a,b,,," + b"x" * 999_999 + b"\n")
    assert len(rows_of(path, mapping())[0][5]) == 999_999
