"""`consentcore ledger`: the log's public key, checkpoints, and the audit of the whole log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from consentcore.errors import BadInput, NotFound
from consentcore.ledger.proofs import latest_checkpoint
from web.cli.command import Group, NotVerified, service
from web.files import write_atomically
from web.jobs.audit import MAX_CHECKPOINT_BYTES, audit_log
from web.transaction import reading


@click.group(cls=Group)
def ledger() -> None:
    """Look at the log and verify it."""


@ledger.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the signed checkpoint.")
def checkpoint(out: Path | None) -> dict[str, Any]:
    """Write the newest signed checkpoint; keep it elsewhere, a log alone cannot show that it was rolled back."""
    with service() as wired, reading(wired.sessions) as session:
        newest = latest_checkpoint(session)
    if newest is None:
        raise NotFound("the log has no leaf yet; `consentcore init` writes the first one")
    if out is not None:
        write_atomically(out, newest.note, mode=0o644)
    return {"size": newest.size, "root": newest.root.hex(), "out": str(out) if out else None}


@ledger.command(bare="vkey")
def vkey() -> dict[str, Any]:
    """Print the public key that verifies checkpoints, receipts and certificates, as one bare line."""
    with service() as wired:
        return {"vkey": wired.keyring.log_signer().vkey}


@ledger.command()
@click.option(
    "--against", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A checkpoint kept elsewhere."
)
def verify(against: Path | None) -> dict[str, Any]:
    """Audit the whole log and hold the consent records against it; exit 3 when anything does not fit."""
    note = _read_checkpoint(against)
    with service() as wired, reading(wired.sessions) as session:
        try:
            found = audit_log(session, wired.keyring, note)
        except BadInput as refused:  # what is no checkpoint proves nothing
            raise NotVerified(str(refused)) from None
    answer = dict(found.as_data())
    if not found.ok:
        raise NotVerified(found.problem or found.discrepancies[0], answer)
    return answer


def _read_checkpoint(path: Path | None) -> str | None:
    if path is None:
        return None
    if path.stat().st_size > MAX_CHECKPOINT_BYTES:
        raise NotVerified(f"{path} is too large to be a checkpoint")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise NotVerified(f"{path} is not text, so it is no checkpoint") from None
