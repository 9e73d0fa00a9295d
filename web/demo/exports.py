"""The CRM's exports, imported as they came: a first one with everything, then what was new since the one before."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from functools import partial
from uuid import UUID

from consentcore.errors import NotFound
from consentcore.importing.externals import known_rows
from consentcore.importing.reader import examine
from consentcore.importing.runs import prepare
from consentcore.importing.steps import load_file
from consentcore.importing.targets import CONTACT
from web.demo import files
from web.demo.acts import Act, Scene
from web.demo.days import Days
from web.demo.files import Row
from web.transaction import reading, unit
from web.wiring import Service

SYSTEM = "demo_crm"
"""The system that the CRM's exports come from, as the mappings name it."""
RUNS = (760, 640, 520, 400, 280, 160, 75, 44, 2)
"""Days before today on which an export was imported."""
_SINCE = {"contacts": "inscrit_il_y_a", "transactions": "émis_il_y_a"}


class People:
    """Everyone in the files by customer number: the address always, the reference once somebody was imported."""

    def __init__(self, days: Days) -> None:
        self._rows = {row["id_client"]: row for row in reversed(files.rows("contacts.csv", days))}
        self._refs: dict[str, UUID] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._refs))

    def email(self, client: str) -> str:
        """Return the e-mail address of a customer."""
        return self._rows[client]["courriel"]

    def ref(self, client: str) -> UUID:
        """Return the reference of a customer.

        Raises: NotFound for one who was not imported yet.
        """
        if client not in self._refs:
            raise NotFound(f"customer {client} of the demo was not imported yet")
        return self._refs[client]

    def learn(self, service: Service) -> None:
        """Look up who is here by now."""
        with reading(service.sessions) as session:
            found = known_rows(session, service.keyring, SYSTEM, CONTACT, list(self._rows))
        self._refs = {client: here.subject_ref for client, here in found.items()}


def first_seen(row: Row, column: str) -> int:
    """Return how many days ago the export was imported that had a row first."""
    ago = int(row[column])
    return max((run for run in RUNS if run <= ago), default=RUNS[-1])


def imports(days: Days, people: People) -> Iterator[Act]:
    """Yield each import, contacts before what they bought."""
    for run in RUNS:
        for minutes, (entity, column) in enumerate(_SINCE.items()):
            new = [row for row in files.rows(f"{entity}.csv", days) if first_seen(row, column) == run]
            if new:
                at = days.at(run, f"06:{15 + minutes}")
                yield Scene(at, partial(_import, entity=entity, new=new, people=people))


def _import(service: Service, *, entity: str, new: Sequence[Row], people: People) -> None:
    mapping = files.mapping(f"{entity}.mapping.yaml")
    opened = examine(io.BytesIO(files.written(new)), mapping)
    day, country = service.now().date(), service.policy.controller.country
    run = prepare(mapping, opened, source=None, obtained_on=day, region=country)
    for _ in load_file(partial(unit, service.sessions), service.keyring, run, opened, service.now):
        pass
    people.learn(service)
