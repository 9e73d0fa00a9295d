"""A story as acts, each at its instant: played in order, with the clock of the service standing at that instant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from sqlalchemy.orm import Session

from web.transaction import unit
from web.wiring import Service


@dataclass(frozen=True, slots=True)
class Line:
    """An act that only writes: lines that follow each other share one unit of work."""

    at: datetime
    write: Callable[[Session, Service], object]


@dataclass(frozen=True, slots=True)
class Scene:
    """An act that opens units of work of its own."""

    at: datetime
    run: Callable[[Service], object]


Act = Line | Scene


def play(service: Service, acts: Iterable[Act]) -> None:
    """Play acts in the order of their instants, so that the log grows as it would have grown."""
    for kind, group in groupby(sorted(acts, key=lambda act: act.at), key=type):
        if kind is Line:
            with unit(service.sessions) as session:
                for line in group:
                    if isinstance(line, Line):
                        line.write(session, _when(service, line.at))
            continue
        for scene in group:
            if isinstance(scene, Scene):
                scene.run(_when(service, scene.at))


def _when(service: Service, instant: datetime) -> Service:
    return replace(service, settings=replace(service.settings, fixed_now=instant))
