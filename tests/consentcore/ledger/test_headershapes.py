"""What is passed by its shape, the exact check passes too: every change of a header is left to it, or is harmless."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentcore.errors import BadInput, LedgerTampered
from consentcore.ledger import headershapes
from consentcore.ledger.events import check_header
from consentcore.ledger.headershapes import HeaderShapes


def made(**parts: Any) -> tuple[bytes, bytes]:
    """Spell a header by hand; parts given as None are left out."""
    event_id = parts.pop("event_id", None) or uuid.uuid4()
    given_parts = {
        "basis": '"consent"',
        "commit": f'"{uuid.uuid4().hex * 2}"',
        "data": '{"state":"given"}',
        "id": f'"{event_id}"',
        "notice_sha256": f'"{"5f" * 32}"',
        "purpose": '"newsletter"',
        "purpose_v": "1",
        "subj": f'"{uuid.uuid4().hex}"',
        "tenant": "0",
        "ts": '"2026-11-09T09:00:00Z"',
        "type": '"consent.given"',
        "v": "1",
        **parts,
    }
    text = ",".join(f'"{name}":{value}' for name, value in given_parts.items() if value is not None)
    return f"{{{text}}}".encode(), event_id.bytes


KINDS: tuple[dict[str, Any], ...] = (
    {},
    {"basis": '"contract"'},
    {"data": '{"state":"ended"}'},
    {"commit": None, "subj": None},
    {"subj": None, "data": '{"n":"' + "x" * 35 + '"}'},
    {"purpose": None, "purpose_v": None},
    {"type": '"access.recorded"'},
)


def passes(header: bytes, event_id: bytes) -> bool:
    try:
        check_header(header, event_id)
    except (LedgerTampered, BadInput, ValueError):
        return False
    return True


def learned() -> HeaderShapes:
    shapes = HeaderShapes()
    for kind in KINDS:
        header, event_id = made(**kind)
        check_header(header, event_id)
        shapes.learn(header)
    return shapes


def test_headers_of_known_shapes_need_no_exact_check() -> None:
    shapes = learned()
    rows = [made(**KINDS[number % len(KINDS)]) for number in range(100)]
    assert shapes.unproven([row[0] for row in rows], [row[1] for row in rows]) == []
    assert all(passes(*row) for row in rows)


def test_unknown_shapes_are_left_over() -> None:
    rows = [made(), made(purpose='"promotions"'), made()]
    assert HeaderShapes().unproven([row[0] for row in rows], [row[1] for row in rows]) == [0, 1, 2]
    assert learned().unproven([row[0] for row in rows], [row[1] for row in rows]) == [1]


def test_every_changed_byte_is_left_over_or_harmless() -> None:
    shapes = learned()
    passed = 0
    for kind in KINDS:
        header, event_id = made(**kind)
        for at in range(len(header)):
            for value in {*(header[at] ^ 1 << bit for bit in range(8)), *b'a0"}{,:-AFgz \n\x00', 0xFF}:
                changed = header[:at] + bytes([value]) + header[at + 1 :]
                if not shapes.unproven([changed], [event_id]):
                    assert passes(changed, event_id), changed
                    passed += 1
    assert passed > 1_000  # other digits of commitments, tags and times


def test_a_header_of_another_event_is_left_over() -> None:
    shapes = learned()
    (header, event_id), (other, other_id) = made(), made()
    assert shapes.unproven([header, other], [other_id, event_id]) == [0, 1]
    assert shapes.unproven([header, other], [event_id, event_id]) == [1]
    for wrong in (uuid.uuid1(), uuid.UUID(int=0), uuid.UUID(int=uuid.uuid4().int & ~(3 << 62))):
        header, event_id = made(event_id=wrong)
        assert shapes.unproven([header], [event_id]) == [0]
        assert not passes(header, event_id)


def test_ids_written_otherwise_are_left_over() -> None:
    shapes = learned()
    header, event_id = made()
    text = str(uuid.UUID(bytes=event_id)).encode()
    moved = text[:7] + b"-" + text[7:8] + text[9:]
    for changed in (header.replace(text, text.upper()), header.replace(text, moved)):
        if changed != header:
            assert shapes.unproven([changed], [event_id]) == [0]
            assert not passes(changed, event_id)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_pieces_of_many_headers_in_any_order(data: st.DataObject) -> None:
    """Cut sound headers anywhere and put the pieces together anew: nothing passes that the exact check refuses."""
    shapes = learned()
    first, event_id = made(**data.draw(st.sampled_from(KINDS)))
    second, _ = made(**data.draw(st.sampled_from(KINDS)))
    cut = data.draw(st.integers(0, len(first)))
    rejoin = data.draw(st.integers(0, len(second)))
    mixed = first[:cut] + second[rejoin:]
    headers, ids = [first, mixed, second], [event_id] * 3
    for at in range(3):
        if at not in shapes.unproven(headers, ids):
            assert passes(headers[at], ids[at])


def test_what_is_no_bytes_is_no_shape() -> None:
    header, event_id = made()
    for headers, ids in (([header.decode()], [event_id]), ([None], [event_id]), ([header], ["x"])):
        with pytest.raises(TypeError):
            learned().unproven(headers, ids)  # type: ignore[arg-type]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headershapes, "_MOST_LEARNED", 10)
    shapes = HeaderShapes()
    for number in range(35):
        header, event_id = made(purpose=f'"purpose_{number}"')
        shapes.learn(header)
        assert shapes.unproven([header], [event_id]) == []
    old, event_id = made(purpose='"purpose_3"')
    assert shapes.unproven([old], [event_id]) == [0]
