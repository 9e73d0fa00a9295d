"""Why a decision came out as it did: the closed list that the public surface names."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """The reasons of decisions; `ALLOWING` names those that permit."""

    CONSENT_GIVEN = "consent_given"
    CONSENT_MISSING = "consent_missing"
    CONSENT_REFUSED = "consent_refused"
    CONSENT_INVALIDATED = "consent_invalidated"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_UNPROVEN = "consent_unproven"
    REQUESTED_UNCONFIRMED = "requested_unconfirmed"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    OBJECTION = "objection"
    RESTRICTED = "restricted"
    SHARED_CONTACT_POINT = "shared_contact_point"
    SOFT_OPT_IN = "soft_opt_in"
    NO_SALE = "no_sale"
    NO_OPTOUT_EVIDENCE = "no_optout_evidence"
    RELATION_OVER = "relation_over"
    NOT_PROFESSIONAL_CONTEXT = "not_professional_context"
    LEGITIMATE_INTEREST = "legitimate_interest"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    ART9_CONDITION_MISSING = "art9_condition_missing"
    NO_RULE_PACK = "no_rule_pack"
    PARENT_CONSENT_MISSING = "parent_consent_missing"
    CONTRACT_IN_PROGRESS = "contract_in_progress"
    SECTOR_BANNED = "sector_banned"
    OUTSIDE_HOURS = "outside_hours"
    CALL_FREQUENCY = "call_frequency"
    CALL_REFUSED = "call_refused"
    DECEASED = "deceased"
    ERASED = "erased"
    HELD_ONLY = "held_only"
    UNKNOWN_SUBJECT = "unknown_subject"


ALLOWING = frozenset(
    {
        Reason.CONSENT_GIVEN,
        Reason.SOFT_OPT_IN,
        Reason.LEGITIMATE_INTEREST,
        Reason.CONTRACT,
        Reason.LEGAL_OBLIGATION,
        Reason.VITAL_INTERESTS,
        Reason.PUBLIC_TASK,
        Reason.CONTRACT_IN_PROGRESS,
    }
)
