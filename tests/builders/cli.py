"""The command line as a test drives it: in this process, in a folder and databases of its own."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from click.testing import CliRunner, Result

from web.main import main


@dataclass(frozen=True)
class CommandLine:
    """Settings for one installation, and commands run under them."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: object) -> Result:
        """Run a command and return what it printed and how it ended."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("CONSENTCORE_")}
        with mock.patch.dict(os.environ, {**kept, **self.environment}, clear=True):
            return CliRunner().invoke(main, [str(one) for one in arguments])

    def __call__(self, *arguments: object, exit_code: int = 0) -> Any:
        """Run a command with --json, insist on its exit code, and return its answer."""
        result = self.run(*arguments, "--json")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == exit_code, f"{arguments}: exit {result.exit_code}, {result.stderr}"
        return json.loads(result.stdout) if result.stdout.strip() else None


def command_line(folder: Path, database_url: str, keyring_url: str) -> CommandLine:
    """Make the settings of an installation whose files all lie in `folder`."""
    return CommandLine(
        folder,
        {
            "CONSENTCORE_ENV": "development",
            "CONSENTCORE_DATABASE_URL": database_url,
            "CONSENTCORE_KEYRING_URL": keyring_url,
            "CONSENTCORE_KEK": f"file:{folder}/kek.json",
            "CONSENTCORE_MAIL": f"file:{folder}/mail",
        },
    )
