"""Dying at a named step, on purpose: how tests show that whatever is cut off goes on where it was."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from web.settings import Settings


def crash_point(settings: Settings) -> Callable[[str], None]:
    """Return what a core function tells its steps to: it kills this process at the one that the settings name.

    The setting is allowed in development only (consentcore's settings refuse it elsewhere).
    """
    wanted: str | None = getattr(settings, "crash_at", None)

    def at(step: str) -> None:
        if wanted and step == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    return at
