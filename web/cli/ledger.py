"""`consentcore ledger`: the log's public key, checkpoints, tiles, witnesses, and the audit of the whole log."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from consentcore.clock import iso
from consentcore.errors import BadInput, NotFound
from consentcore.ledger.cosigning import read_witness_keys
from consentcore.ledger.keychange import key_ranges
from consentcore.ledger.proofs import SignedCheckpoint, latest_checkpoint
from consentcore.ledger.tiles import read_tile, tiles_of
from consentcore.ledger.witnessed import standings, with_cosignatures
from web.cli.command import Group, NotVerified, service
from web.files import write_atomically
from web.jobs.audit import audit_log
from web.jobs.packages import write_bytes
from web.jobs.witnessing import mail_checkpoint
from web.transaction import reading, unit
from web.wiring import Service
from web.witness.gathering import Trust, gather, trust_of
from web.witness.keptfile import read_checkpoint_file

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(cls=Group)
def ledger() -> None:
    """Look at the log and verify it."""


@ledger.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the signed checkpoint.")
@click.option("--mail", metavar="ADDRESS", help="An e-mail address to send the signed checkpoint to.")
def checkpoint(out: Path | None, mail: str | None) -> dict[str, Any]:
    """Write or mail the newest signed checkpoint; keep it elsewhere, a log alone cannot show it was rolled back."""
    with service() as wired:
        with reading(wired.sessions) as session:
            newest = _newest(session)
        if mail is not None:
            with unit(wired.sessions) as session:
                mail_checkpoint(session, wired, newest, mail, wired.now())
    if out is not None:
        write_atomically(out, newest.note, mode=0o644)
    return {"size": newest.size, "root": newest.root.hex(), "out": str(out) if out else None, "mailed": mail}


def _newest(session: Session) -> SignedCheckpoint:
    newest = latest_checkpoint(session)
    if newest is None:
        raise NotFound("the log has no leaf yet; `consentcore init` writes the first one")
    return with_cosignatures(session, newest)


@ledger.command(bare="vkey")
def vkey() -> dict[str, Any]:
    """Print the public key that verifies checkpoints, receipts and certificates, as one bare line."""
    with service() as wired:
        return {"vkey": wired.keyring.log_signer().vkey}


@ledger.command()
def vkeys() -> dict[str, Any]:
    """List every public key the log ever had, newest first, with the sizes of its first and last checkpoint."""
    with service() as wired, reading(wired.sessions) as session:
        ranges = key_ranges(session, wired.keyring.log_vkeys())
    return {"vkeys": [asdict(one) for one in ranges]}


@ledger.command()
@click.option("--against", multiple=True, type=_FILE, help="A checkpoint kept elsewhere, or a saved mail with one.")
@click.option("--witness", type=_FILE, help="A file with public keys of witnesses, one a line.")
@click.option(
    "--quorum", type=click.IntRange(min=1), help="How many of them must have cosigned the log; 1 unless said."
)
def verify(against: tuple[Path, ...], witness: Path | None, quorum: int | None) -> dict[str, Any]:
    """Audit the whole log, hold what others saw of it and the consent records against it; exit 3 at any misfit."""
    if quorum is not None and witness is None:
        raise click.UsageError("--quorum counts the witnesses that --witness names")
    with service() as wired, reading(wired.sessions) as session:
        trust = _trust(wired, witness, quorum)
        try:
            files = {str(path): read_checkpoint_file(path) for path in against}
            found = audit_log(session, wired.keyring, gathered=gather(session, wired.keyring, trust, files))
        except BadInput as refused:  # what is no checkpoint proves nothing
            raise NotVerified(str(refused)) from None
    answer = dict(found.as_data())
    if not found.ok:
        raise NotVerified(found.problem or found.discrepancies[0], answer)
    return answer


def _trust(wired: Service, witness: Path | None, quorum: int | None) -> Trust:
    by_settings = trust_of(wired.settings)
    if witness is None:
        return by_settings
    try:
        keys = read_witness_keys(witness.read_text(encoding="utf-8", errors="replace"))
    except BadInput as refused:
        raise NotVerified(f"{witness}: {refused}") from None
    return Trust(by_settings.authorities, keys, quorum or 1)


@ledger.command()
def witnesses() -> dict[str, Any]:
    """Say how it goes with each outside witness: what it last confirmed, when, and what went wrong since."""
    with service() as wired, reading(wired.sessions) as session:
        rows = [
            {
                "name": one.name,
                "size": one.size,
                "done_at": iso(one.done_at) if one.done_at else None,
                "due_at": iso(one.due_at),
                "failures": one.failures,
                "problem": one.problem,
            }
            for one in standings(session)
        ]
    return {"witnesses": rows}


@ledger.command()
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder to write to.")
def tiles(out: Path) -> dict[str, Any]:
    """Write the log as static files (C2SP tlog-tiles), for any web server; full ones that are there are left alone."""
    written = 0
    with service() as wired, reading(wired.sessions) as session:
        newest = _newest(session)
        for tile in tiles_of(newest.size):
            path = out / "tile" / tile.path()
            if not (tile.full and path.exists()):
                path.parent.mkdir(parents=True, exist_ok=True)
                write_bytes(path, read_tile(session, tile)).chmod(0o644)
                written += 1
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / "checkpoint", newest.note, mode=0o644)
    return {"size": newest.size, "root": newest.root.hex(), "written": written, "out": str(out)}
