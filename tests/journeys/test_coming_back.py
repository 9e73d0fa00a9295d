"""Who was erased may come back: nothing old comes with them, no order is lost, and what they opposed stays opposed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.builders.cli import CommandLine, command_line
from tests.builders.databases import Database, servers_in_faults

pytestmark = servers_in_faults("migrated_database")
HER, NEW = "odile@courriel.example", "odile.q@courriel.example"
FIRST, SECOND = "first@example.org", "second@example.org"
BEFORE, ERASED, AFTER, LATER = (f"2026-11-{day}T09:00:00Z" for day in ("02", "09", "16", "23"))
NEWSLETTER = ("--purpose", "newsletter", "--channel", "email")
FORM = ("--notice", "newsletter@1", "--method", "web_form")


@dataclass(frozen=True)
class Shop:
    """An installation, and what a shop does with it on different days."""

    cc: CommandLine

    def on(self, instant: str) -> CommandLine:
        """Return the commands as they run at an instant."""
        return CommandLine(self.cc.folder, {**self.cc.environment, "CONSENTCORE_NOW": instant})

    def brings(self, instant: str, number: str, email: str) -> Any:
        """Import one contact of the shop."""
        rows, mapping = self.cc.folder / "contacts.csv", self.cc.folder / "contacts.yaml"
        rows.write_text(f"id,mail\n{number},{email}\n", encoding="utf-8")
        mapping.write_text("entity: contact\nexternal_id: {system: shop, column: id}\nfields: {email: mail}\n")
        return self.on(instant)("import", rows, "--mapping", mapping)

    def sells(self, instant: str, number: str, order: str) -> Any:
        """Import one order of a contact, placed on the day."""
        rows, mapping = self.cc.folder / "orders.csv", self.cc.folder / "orders.yaml"
        rows.write_text(f"order,who,day,sum\n{order},{number},{instant[:10]},42.10\n", encoding="utf-8")
        mapping.write_text(
            "entity: transaction\nexternal_id: {system: shop, column: order}\nconstants: {kind: order, currency: EUR}\n"
            "fields: {contact.external_id: who, issued_on: day, amount: sum, number: order}\n"
        )
        return self.on(instant)("import", rows, "--mapping", mapping)

    def person(self, email: str = HER) -> str:
        """Return the reference of the person reached at an address."""
        return str(self.cc("subjects", "find", "--email", email)["subject_ref"])

    def declares(self, instant: str, who: str, state: str, *more: str, exit_code: int = 0) -> Any:
        """Record a declaration on the newsletter about an address or a reference."""
        whom = ("--email" if "@" in who else "--subject", who)
        return self.on(instant)(
            "consent", "record", *whom, *NEWSLETTER, *FORM, "--state", state, *more, exit_code=exit_code
        )

    def erases(self, email: str = HER) -> str:
        """Erase the person at an address, and return the old reference."""
        cc, old = self.on(ERASED), self.person(email)
        reference = cc("requests", "receive", "--right", "erasure", "--email", email)["reference"]
        cc("requests", "verify", reference, "--method", "email_code", "--by", FIRST)
        plan = cc("requests", "assess", reference, "--by", FIRST)["plan_sha256"]
        cc("requests", "approve", reference, "--plan", plan, "--by", SECOND)
        cc("requests", "execute", reference)
        return old

    def reason(self, who: str, purpose: str = "newsletter", instant: str = LATER) -> str:
        """Return why somebody may or may not be written to."""
        whom = ("--email" if "@" in who else "--subject", who)
        matter = ("--purpose", purpose, "--channel", "email")
        return str(self.on(instant)("consent", "decide", *whom, *matter)["reason"])

    def size(self) -> int:
        """Verify the log, and return how many leaves it has."""
        found = self.on(LATER)("ledger", "verify")
        assert found["ok"] and found["discrepancies"] == []
        return int(found["size"])


@pytest.fixture
def shop(migrated_database: Database, tmp_path: Path) -> Shop:
    made = command_line(tmp_path, migrated_database.url, migrated_database.keyring_url)
    made("init")
    shop = Shop(made)
    shop.brings(BEFORE, "1", HER)
    shop.declares(BEFORE, HER, "given")
    return shop


def test_a_yes_aimed_at_an_erased_reference_is_refused(shop: Shop) -> None:
    old = shop.erases()
    size = shop.size()
    shop.declares(AFTER, old, "given", exit_code=1)
    assert shop.size() == size and shop.reason(old) == "erased"


def test_a_yes_from_before_the_erasure_does_not_come_back(shop: Shop) -> None:
    """Neither to the old reference, nor to the new one of whoever came back: it ended with what was erased."""
    old = shop.erases()
    shop.declares(AFTER, old, "given", "--at", "2026-11-03T09:00:00Z", exit_code=1)
    shop.brings(AFTER, "2", HER)
    shop.on(AFTER).run(  # a refusal is as good as a record that permits nothing
        "consent", "record", "--email", HER, *NEWSLETTER, *FORM, "--state", "given", "--at", "2026-11-03T09:00:00Z"
    )
    assert shop.reason(HER) in ("suppressed", "consent_missing")
    shop.size()


def test_an_order_placed_later_opens_a_new_reference_and_is_not_lost(shop: Shop) -> None:
    """It lifts nothing: to buy is not to ask for letters (Art. 21(3))."""
    old = shop.erases()
    early = shop.sells(AFTER, "1", "O-1")  # the shop still knows her under the number that went
    assert (early["created"], early["quarantined"]) == (0, 1)
    assert shop.brings(AFTER, "1", HER)["created"] == 1
    assert shop.sells(AFTER, "1", "O-1")["created"] == 1
    assert shop.person() != old
    assert (shop.reason(HER), shop.reason(HER, "similar_products")) == ("suppressed", "suppressed")
    assert shop.reason(HER, "order_management") == "contract"
    assert shop.reason(old, "order_management") == "erased"


def test_a_yes_given_later_opens_a_new_reference_and_lifts_only_what_it_names(shop: Shop) -> None:
    old = shop.erases()
    shop.brings(AFTER, "1", HER)
    shop.declares(LATER, HER, "given")
    assert shop.person() != old
    assert (shop.reason(HER), shop.reason(old)) == ("consent_given", "erased")
    assert {shop.reason(HER, purpose) for purpose in ("promotions", "similar_products")} == {"suppressed"}
    shop.size()


def test_an_erased_reference_has_no_say_about_the_living_one_it_is_linked_to(shop: Shop) -> None:
    """What was opposed under it counts for the person; that it is gone does not, and nobody is reached under it."""
    old = shop.erases()
    shop.brings(AFTER, "1", HER)
    shop.on(AFTER)("subjects", "link", old, shop.person(), "--by", FIRST)
    assert (shop.reason(HER), shop.reason(old)) == ("suppressed", "erased")
    shop.declares(LATER, HER, "given")
    assert (shop.reason(HER), shop.reason(old)) == ("consent_given", "erased")
    assert shop.reason(HER, "satisfaction_survey") == "erased"  # the erasure objected to it, under the old reference


@pytest.mark.parametrize("at", [AFTER, "2026-11-03T09:00:00Z"], ids=["later", "from before"])
def test_a_no_is_always_accepted(shop: Shop, at: str) -> None:
    """To an erased reference, by who came back, and from an address that nobody knows (Art. 7(3))."""
    old = shop.erases()
    assert shop.declares(AFTER, old, "withdrawn", "--at", at)["record_id"]
    assert shop.reason(old) == "erased"
    for address in (HER, "personne@courriel.example"):
        case = ("--right", "withdrawal", "--email", address, "--received-at", at)
        reference = shop.on(AFTER)("requests", "receive", *case)["reference"]
        shown = shop.on(AFTER)("requests", "show", reference)
        assert (shown["status"], shown["outcome"]) == ("closed", "done")
    shop.brings(AFTER, "1", HER)
    assert shop.declares(AFTER, HER, "withdrawn", "--at", at)["record_id"]
    assert shop.reason(HER) == "suppressed"
    shop.size()


def opposes(shop: Shop) -> None:
    """Object to marketing, after the yes."""
    case = ("--right", "objection", "--email", HER, "--scope", "marketing")
    shop.on("2026-11-04T09:00:00Z")("requests", "receive", *case)
    assert (shop.reason(HER), shop.reason(HER, "similar_products")) == ("suppressed", "objection")


def test_an_opposition_survives_an_erasure_and_a_new_import(shop: Shop) -> None:
    opposes(shop)
    shop.erases()
    for number in ("1", "2"):  # as the shop knew her, and as somebody new
        shop.brings(AFTER, number, HER)
        assert {shop.reason(HER, purpose) for purpose in ("newsletter", "promotions", "similar_products")} == {
            "suppressed"
        }


def test_an_opposition_survives_an_import_that_changes_the_address(shop: Shop) -> None:
    opposes(shop)
    assert shop.brings(AFTER, "1", NEW)["updated"] == 1
    assert shop.reason(NEW) in ("suppressed", "consent_withdrawn")
    assert shop.reason(NEW, "promotions") == "suppressed"
    assert shop.reason(NEW, "similar_products") in ("suppressed", "objection")


def test_an_opposition_survives_a_merge_and_its_undoing(shop: Shop) -> None:
    """Who has two references is refused under both; taken apart again, each stands for itself."""
    opposes(shop)
    shop.brings(AFTER, "2", NEW)
    one, other = shop.person(), shop.person(NEW)
    shop.declares(AFTER, NEW, "given")
    assert shop.reason(NEW) == "consent_given"
    shop.on(AFTER)("subjects", "link", one, other, "--by", FIRST)
    assert {shop.reason(ref) for ref in (one, other)} <= {"suppressed", "consent_withdrawn"}
    assert shop.reason(other, "similar_products") != "soft_opt_in"
    shop.on(LATER)("subjects", "unlink", one, other, "--by", FIRST)
    assert (shop.reason(one), shop.reason(other)) == ("suppressed", "consent_given")
    shop.size()
