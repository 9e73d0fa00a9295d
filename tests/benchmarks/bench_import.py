"""Import streaming: peak memory of a process of its own that imports made-up rows, and rows per second.

The child takes the product's way: two passes over the file, sealed rows, index, provenance, one leaf per batch.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from consentcore.importing.mapping import Mapping
from consentcore.importing.reader import open_source
from consentcore.importing.runs import prepare
from consentcore.importing.steps import load_file
from tests.benchmarks.ground import NOW, lay
from tests.benchmarks.pairing import arguments, show

SIZES = (10_000, 100_000)
FULL = 1_000_000
MOST_GROWTH_MIB = 30
CHILD = "--child"
BAD_EVERY = 1_000  # rows: one goes to the quarantine
COLUMNS = {
    "first_name": "first",
    "last_name": "last",
    "email": "mail",
    "phone": "phone",
    "account.name": "company",
    "address.street": "street",
    "address.city": "city",
    "address.postal_code": "postcode",
    "address.country": "country",
}
FIRST = ("Camille", "Stanisław", "Zoë", "Łucja", "Björn", "María", "Jean-Noël", "Aïcha")
LAST = ("Deschamps", "Wójcik", "Muñoz", "Grünwald", "d’Arcy", "O’Neil", "Le Goff", "Nyström")
CITY = ("Rennes", "Kraków", "Málaga", "Köln", "Nîmes", "Sète", "Orléans", "Åbo")


def main() -> int:
    """Import each size in a fresh process and compare their peaks with the smallest."""
    sizes = [*SIZES, FULL] if arguments().full else list(SIZES)
    rows, first, holds = [], None, True
    for size in sizes:
        found = _in_a_child(size)
        peak = found["peak_kib"] / 1024
        first = peak if first is None else first
        grown = peak - first
        fits = grown <= MOST_GROWTH_MIB
        holds &= fits
        rows.append(
            (
                f"import of {size:,} rows, {found['quarantined']:,} of them to quarantine",
                f"{size / found['seconds']:,.0f}",
                f"{peak:.1f} MiB",
                f"{grown:+.1f} MiB",
                f"<= {MOST_GROWTH_MIB} MiB",
                "holds" if fits else "MISSED",
            )
        )
    show(("operation", "rows/s", "peak", "growth", "wanted", "verdict"), rows)
    return 0 if holds else 1


def _in_a_child(size: int) -> dict[str, Any]:
    command = [sys.executable, __file__, CHILD, str(size)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def child(size: int) -> None:
    """Make the file, import it, and print what it took."""
    with tempfile.TemporaryDirectory(prefix="consentcore-bench-") as name:
        folder = Path(name)
        source = folder / "contacts.csv"
        _write(source, size)
        urls = (f"sqlite:///{folder / 'main.db'}", f"sqlite:///{folder / 'keyring.db'}")
        with contextmanager(lay)("sqlite", folder, *urls) as made:
            mapping = Mapping(entity="contact", system="bench", id_column="id", fields=COLUMNS, sha256="0" * 64)
            start = time.perf_counter()
            with open_source(source, mapping) as opened:
                run = prepare(mapping, opened, source=None, obtained_on=NOW.date(), region="FR")
                steps = load_file(made.sessions.begin, made.keyring, run, opened, lambda: NOW)
                (counts,) = deque(steps, maxlen=1)
            seconds = time.perf_counter() - start
    if (counts.rows, counts.created + counts.quarantined) != (size, size):
        raise RuntimeError(f"the import of {size} rows ended with {counts}")
    print(json.dumps({"seconds": seconds, "peak_kib": _peak_kib(), "quarantined": counts.quarantined}))


def _write(path: Path, size: int) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.write("id,first,last,mail,phone,company,street,city,postcode,country\n")
        for at in range(size):
            digits = f"{at * 7_919 % 100_000_000:08d}"
            phone = "06 " + " ".join(digits[place : place + 2] for place in (0, 2, 4, 6))
            mail = "no address" if at % BAD_EVERY == BAD_EVERY - 1 else f"person.{at}@courriel.example"
            name, last, city = FIRST[at % 8], LAST[at // 8 % 8], CITY[at // 64 % 8]
            company = f"Maison {at % 977}" if at % 3 else ""
            street = f"{at % 211 + 1} rue du Général Leclerc"
            stream.write(f"C{at},{name},{last},{mail},{phone},{company},{street},{city},{digits[:5]},FR\n")


def _peak_kib() -> int:
    """Return the peak of resident memory; the kernel's own figure, because `getrusage` counts the parent's in."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


if __name__ == "__main__":
    if CHILD in sys.argv:
        child(int(sys.argv[sys.argv.index(CHILD) + 1]))
    else:
        sys.exit(main())
