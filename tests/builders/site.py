"""The made-up company, loaded and served on this machine for a browser: all faces, the clock held still."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from web.jobs.deliver import deliver
from web.jobs.executions import carry_on
from web.serve import server
from web.settings import PREFIX, read_settings
from web.wiring import Service, open_service

NOW = "2026-11-09T09:12:00+01:00"
"""A Monday morning, two days before a public holiday."""


@dataclass(frozen=True, slots=True)
class Site:
    """A served installation with the demo in it."""

    root: str
    folder: Path
    service: Service

    def run_jobs(self) -> None:
        """Do now what the scheduler does every few seconds: carry on executions, deliver mail."""
        carry_on(self.service)
        deliver(self.service)

    def password_of(self, role: str) -> tuple[str, str]:
        """Return address and password of the demo's account of a role."""
        for line in (self.folder / "var" / "demo" / "staff.txt").read_text("utf-8").splitlines():
            words = line.split()
            if role in words:
                return next(one for one in words if "@" in one), words[-1]
        raise LookupError(f"the demo has no account of role {role}")

    def mails(self) -> list[str]:
        """Return the texts of every mail that went out, the newest last."""
        found = sorted((self.folder / "var" / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        return [path.read_text("utf-8") for path in found]


def demo_template(shared: Path) -> Path:
    """Return a folder with the loaded demo, made once for all workers of a run: the others wait for the first."""
    made = shared / "demo"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "done").exists():
            made.mkdir()
            _load_demo(made)
            (made / "done").touch()
    return made


def _load_demo(folder: Path) -> None:
    command = [str(Path(sys.executable).with_name("consentcore")), "demo"]
    ran = subprocess.run(command, cwd=folder, env=_environment(), capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise RuntimeError(f"the demo could not be loaded:\n{ran.stdout}\n{ran.stderr}")


def _environment() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return ours | {f"{PREFIX}ENV": "development", f"{PREFIX}NOW": NOW}


@contextmanager
def opened_demo(template: Path, folder: Path) -> Iterator[Service]:
    """Open the service on a copy of the demo, its clock held still."""
    shutil.copytree(template, folder)
    given = {
        f"{PREFIX}ENV": "development",
        f"{PREFIX}NOW": NOW,
        f"{PREFIX}DATABASE_URL": f"sqlite:///{folder}/var/consentcore.db",
        f"{PREFIX}KEYRING_URL": f"sqlite:///{folder}/var/keyring.db",
        f"{PREFIX}KEK": f"file:{folder}/var/kek.json",
        f"{PREFIX}MAIL": f"file:{folder}/var/mail",
    }
    with open_service(read_settings(given)) as service:
        yield service


@contextmanager
def served(template: Path, folder: Path) -> Iterator[Site]:
    """Serve a copy of the demo on a free port until the block ends."""
    with opened_demo(template, folder) as service:
        listening = server(service, 0)
        thread = Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        try:
            yield Site(f"http://127.0.0.1:{listening.port}", folder, service)
        finally:
            listening.shutdown()
            thread.join(timeout=10)
            listening.server_close()
