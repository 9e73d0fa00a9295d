"""Labels are never taken for narrower than they are."""

from __future__ import annotations

import pytest

from registry.pictures.labels import Box, Label, Room, clipped, close_width, held, text_width
from tests.registry.pictures.drawn import HOSTILE, real_width

SAID = (
    "Aujourd’hui", "1 en retard", "4H7K-Q2MX", "WMWM-MWMW", "12 nov.", "reçue 11 oct.", "Formulaire 52 %", "+35",
    "Direction générale des finances publiques", "Personnes qui exercent un droit", "31 déc.", "3\u202f420",
)  # fmt: skip


@pytest.mark.parametrize("said", SAID)
def test_estimates_are_not_too_narrow(said: str) -> None:
    assert text_width(said) >= real_width(said)
    assert close_width(said) >= real_width(said) * 0.98


def test_what_is_written_out_is_measured_as_written() -> None:
    assert text_width("\u202e") == text_width("[U+202E]")
    assert close_width(clipped(HOSTILE, 200)) <= 200
    assert "\u202e" not in clipped(HOSTILE, 900)


def test_a_label_takes_the_first_place_that_is_free() -> None:
    room = Room(200, margin=2)
    room.take(Box(50, 0, 60, 40))
    blocked, outside, free = Label("abc", 45, 20), Label("abc", 190, 20), Label("abc", 63, 20)
    assert room.place([blocked, outside, free]) == free
    assert room.place([free]) is None
    # words may stand as near as the margin
    assert room.place([Label("abc", free.box.right + 2, 20)])


def test_a_label_is_held_inside() -> None:
    assert held(Label("abcdef", 5, 9, "middle"), 100).box.left == 0
    assert held(Label("abcdef", 95, 9, "middle"), 100).box.right == 100
    assert held(Label("abc", 50, 9, "middle"), 100).anchor == "middle"
