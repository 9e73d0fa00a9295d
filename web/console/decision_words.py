"""What decisions are called: their reasons as sentences, how a purpose decides, and the ways of reaching somebody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from consentcore.consent.decide import Reason
from consentcore.policyset import Channel, Purpose, Rule
from registry.wording import BASES, said, text_in
from web.console.articles import article_note
from web.console.typography import set_here
from web.shell.language import gettext as _
from web.shell.language import language, later

REASONS: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.CONSENT_GIVEN: later("The person said yes, and this consent still holds."),
        Reason.CONSENT_MISSING: later("The person never answered: silence is not consent."),
        Reason.CONSENT_REFUSED: later("The person was asked and said no."),
        Reason.CONSENT_INVALIDATED: later("The consent was found not to be valid."),
        Reason.CONSENT_WITHDRAWN: later("The person took the consent back."),
        Reason.CONSENT_UNPROVEN: later("A consent was taken over from elsewhere; nothing proves it."),
        Reason.REQUESTED_UNCONFIRMED: later("A confirmation was asked for; the person has not given it."),
        Reason.EXPIRED: later("The consent has reached its end and was not renewed."),
        Reason.SUPPRESSED: later("An address or number of the person is on the opposition list."),
        Reason.OBJECTION: later("The person objected to this purpose."),
        Reason.RESTRICTED: later("The person’s data are restricted: they are kept, and not used."),
        Reason.SHARED_CONTACT_POINT: later("Several persons share this address, and not all of them may be reached."),
        Reason.NO_SALE: later("No sale is recorded that would allow offers of similar products."),
        Reason.LEGITIMATE_INTEREST: later("The purpose rests on a legitimate interest; nothing stands against it."),
        Reason.CONTRACT: later("A contract with the person needs it; no consent is asked for."),
        Reason.LEGAL_OBLIGATION: later("The law demands it; no consent is asked for."),
        Reason.VITAL_INTERESTS: later("Somebody’s vital interests need it; no consent is asked for."),
        Reason.PUBLIC_TASK: later("A task in the public interest needs it; nothing stands against it."),
        Reason.SOFT_OPT_IN: later("A customer who was offered the refusal at a sale, and did not refuse."),
        Reason.NO_OPTOUT_EVIDENCE: later("Nothing proves that the refusal was offered when the sale was made."),
        Reason.RELATION_OVER: later("The last business with this person was too long ago."),
        Reason.NOT_PROFESSIONAL_CONTEXT: later("The person is not known here in a professional capacity."),
        Reason.ART9_CONDITION_MISSING: later(
            "Special categories of data need an express consent, or another condition of Art. 9, which is missing."
        ),
        Reason.NO_RULE_PACK: later(
            "No rules are known here for the person’s country: without consent, nobody is reached there."
        ),
        Reason.PARENT_CONSENT_MISSING: later(
            "The consent is a child’s, and no parent has consented with the child or authorised it."
        ),
        Reason.CONTRACT_IN_PROGRESS: later(
            "The call is about a contract that the person has; no consent is asked for."
        ),
        Reason.SECTOR_BANNED: later("The law forbids calls to sell in this sector."),
        Reason.OUTSIDE_HOURS: later("Calls are not allowed at this hour or on this day where the person lives."),
        Reason.CALL_FREQUENCY: later("The person was called as often as is allowed within a month."),
        Reason.CALL_REFUSED: later("The person refused such calls not long ago."),
        Reason.DECEASED: later("The person is recorded as deceased."),
        Reason.HELD_ONLY: later("The person’s contact details are gone; only proof or archive is kept."),
        Reason.ERASED: later("The person’s data were erased; the consent ended with them."),
        Reason.UNKNOWN_SUBJECT: later("Nobody is known here under this address."),
    }
)
RULES: Mapping[Rule, str] = MappingProxyType(
    {
        Rule.OPT_IN: later("only a yes from the person allows it"),
        Rule.SOFT_OPT_IN: later("allowed towards customers who did not object"),
        Rule.B2B: later("allowed towards people reached about their profession who did not object"),
        Rule.BASIS: later("no choice is asked of the person"),
    }
)
BY_CHANNEL: Mapping[Channel, str] = MappingProxyType(
    {
        Channel.EMAIL: later("by e-mail"),
        Channel.SMS: later("by text message"),
        Channel.PHONE: later("by telephone"),
        Channel.POST: later("by post"),
        Channel.APP: later("in the app"),
    }
)


def reason_in_words(reason: Reason) -> str:
    """Return a reason as a sentence of the page's language."""
    return _(REASONS[reason])


def by_channels(channels: Iterable[Channel]) -> str:
    """Say over which channels: `by e-mail, by post`."""
    return ", ".join(_(BY_CHANNEL[one]) for one in Channel if one in set(channels))


def purpose_title(purpose: Purpose) -> str:
    """Return what a purpose is called in the page's language."""
    return set_here(text_in(purpose.title, language()))


def basis_in_words(purpose: Purpose) -> str:
    """Return the legal basis of a purpose with its article: `Consent, Art. 6(1)(a)`."""
    return f"{said(BASES, purpose.basis, language())}, {article_note(purpose.basis.article)}"
