"""Every pair of colours can be read."""

from __future__ import annotations

import pytest

from registry.pictures.tokens import CHART_SERIES, TOKENS, Token, contrast


@pytest.mark.parametrize("token", [one for one in TOKENS if one.on], ids=lambda one: one.name)
def test_each_colour_can_be_read_on_its_ground(token: Token) -> None:
    ground = next(one for one in TOKENS if one.name == token.on)
    assert contrast(token.light, ground.light) >= token.least_ratio
    assert contrast(token.dark, ground.dark) >= token.least_ratio


def test_series_of_charts_stand_out_from_paper() -> None:
    assert min(contrast(colour, "#ffffff") for colour in CHART_SERIES) >= 3


def test_the_measure_itself() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
