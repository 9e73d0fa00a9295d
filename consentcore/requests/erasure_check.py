"""Looking again after an erasure: nothing may be found but what the plan lists as kept (R-17-7)."""

from __future__ import annotations

from dataclasses import dataclass

from consentcore.crypto.keyclasses import KeyClass
from consentcore.errors import IntegrityFailure
from consentcore.requests.content import read_content
from consentcore.requests.erasure_plan import own_addresses
from consentcore.requests.erasure_rows import sealed_under
from consentcore.requests.erasure_steps import Work
from consentcore.requests.items import KEPT, Item
from consentcore.requests.locate import locate
from consentcore.requests.opening import LocatedRow
from consentcore.requests.tables import ItemOutcome
from consentcore.retention.disposal import FOLLOWERS
from consentcore.retention.tables import ARCHIVE_INDEX, ARCHIVED

PARTS_OF_THE_FILE = frozenset({"cc_request_right", "cc_request_item"})
"""Tables without a reference of their own that hang on a request, and are kept with it."""
LOG_OF_EVENTS = "cc_log_event"
_CONTACTS, _ACCOUNTS = "cc_contact", "cc_account"


class ErasureIncomplete(IntegrityFailure):
    """After an erasure something of the person was found that the approved plan does not keep."""

    default_code = "erasure_incomplete"


@dataclass(frozen=True, slots=True)
class Findings:
    """What a fresh search found of the person: rows per store, all of them listed as kept."""

    rows: tuple[tuple[str, int], ...]
    profile_key_destroyed: bool

    @property
    def stores(self) -> frozenset[str]:
        """The stores in which something stands."""
        return frozenset(store for store, _ in self.rows)


def check(work: Work) -> Findings:
    """Search for the person anew, by reference, key and address, and compare with what the plan keeps; reads only.

    Raises: ErasureIncomplete naming stores, never values.
    """
    content = read_content(work.keyring, work.dsr)
    located = locate(work.session, work.keyring, work.policy, [work.person], emails=own_addresses(content))
    allowed = _Kept(work.items)
    left = {row.store for row in located.rows if not allowed.lists(row)}
    destroyed = {stone.key_class for stone in work.keyring.tombstones(work.person)}
    if KeyClass.PROFILE not in destroyed and not sealed_under(work.session, work.person, KeyClass.PROFILE):
        left.add("the profile key")
    if left:
        raise ErasureIncomplete(
            f"request {work.dsr.reference}: after the erasure the person is still found in {', '.join(sorted(left))}"
        )
    counts = tuple((str(store), len(located.of_store(store))) for store in located.stores())
    return Findings(counts, KeyClass.PROFILE in destroyed)


def founded(items: tuple[Item, ...], findings: Findings) -> tuple[Item, ...]:
    """Return the verdicts without those that keep a whole store in which nothing of the person came to stand."""
    return tuple(
        item for item in items if item.ref is not None or item.outcome not in KEPT or item.store in findings.stores
    )


class _Kept:
    """What a plan lists as kept."""

    def __init__(self, items: tuple[Item, ...]) -> None:
        self._stores = {item.store for item in items if item.outcome in KEPT and item.ref is None}
        self._rows = {(item.store, item.ref) for item in items if item.outcome is ItemOutcome.RETAINED}
        self._archived = {
            (item.store, str(item.ref)) for item in items if item.outcome is ItemOutcome.ARCHIVED and item.ref
        }
        self._contact_stays = any(store == _CONTACTS for store, _ in self._rows)

    def lists(self, row: LocatedRow) -> bool:
        """Tell whether a located row is among what is kept."""
        if row.store == ARCHIVED.name:
            return (row.values["store"], str(row.values["source_id"])) in self._archived
        if row.store == ARCHIVE_INDEX.name:
            return bool(self._archived)
        if row.store in PARTS_OF_THE_FILE or row.store == LOG_OF_EVENTS:
            return bool(self._stores)
        if row.store == _ACCOUNTS:
            return self._contact_stays
        ref = row.values.get("row_id") if row.store in FOLLOWERS else row.ref
        return row.store in self._stores or (row.store, ref) in self._rows
