"""The terms of the Data Privacy Vocabulary that exports use, each looked up in DPV 2.3 (w3c/dpv at f01a55c).

Nothing is guessed: the guide to ISO/IEC TS 27560 names terms that the vocabulary lacks, such as `ConsentTerminated`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from consentcore.columns import Category, Provenance
from consentcore.consent.fields import PartyRole
from consentcore.consent.tables import ConsentState
from consentcore.policyset import SpecialCategory

RECORD_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"
RECEIPT_PROFILE = "https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr"
CONTEXT: Mapping[str, str] = MappingProxyType(
    {
        "dct": "http://purl.org/dc/terms/",
        "dpv": "https://w3id.org/dpv#",
        "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
        "legal-eu": "https://w3id.org/dpv/legal/eu#",
        "loc": "https://w3id.org/dpv/loc#",
        "pd": "https://w3id.org/dpv/pd#",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "schema": "https://schema.org/",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    }
)
"""Prefixes alone, written into every export: nothing has to be fetched to read one."""
STATES: Mapping[ConsentState, str] = MappingProxyType(
    {
        ConsentState.GIVEN: "dpv:ConsentGiven",
        ConsentState.RENEWED: "dpv:RenewedConsentGiven",
        ConsentState.REFUSED: "dpv:ConsentRefused",
        ConsentState.WITHDRAWN: "dpv:ConsentWithdrawn",
        ConsentState.EXPIRED: "dpv:ConsentExpired",
        ConsentState.REQUESTED: "dpv:ConsentRequested",
        ConsentState.INVALIDATED: "dpv:ConsentInvalidated",
        ConsentState.UNKNOWN: "dpv:ConsentUnknown",
    }
)
DATA: Mapping[Category, str] = MappingProxyType(
    {
        Category.NAME: "pd:Name",
        Category.EMAIL: "pd:EmailAddress",
        Category.PHONE: "pd:TelephoneNumber",
        Category.FAX: "pd:Contact",
        Category.ADDRESS: "pd:PhysicalAddress",
        Category.BIRTH_DATE: "pd:BirthDate",
        Category.GENDER: "pd:Gender",
        Category.LANGUAGE: "pd:Language",
        Category.JOB: "pd:Job",
        Category.EMPLOYER: "pd:CurrentEmployment",
        Category.CONTENT: "pd:Communication",
        Category.CONSENT: "pd:PrivacyPreference",
        Category.IDENTIFIER: "pd:Identifier",
        Category.PSEUDONYM: "pd:UID",
        Category.BEHAVIOR: "pd:Behavioural",
    }
)
SPECIAL: Mapping[SpecialCategory, str] = MappingProxyType(
    {
        SpecialCategory.RACIAL_OR_ETHNIC_ORIGIN: "pd:EthnicOrigin",
        SpecialCategory.POLITICAL_OPINIONS: "pd:PoliticalOpinion",
        SpecialCategory.RELIGIOUS_OR_PHILOSOPHICAL_BELIEFS: "pd:ReligiousBelief",
        SpecialCategory.TRADE_UNION_MEMBERSHIP: "pd:TradeUnionMembership",
        SpecialCategory.GENETIC_DATA: "pd:Genetic",
        SpecialCategory.BIOMETRIC_IDENTIFICATION: "pd:Biometric",
        SpecialCategory.HEALTH: "pd:Health",
        SpecialCategory.SEX_LIFE_OR_ORIENTATION: "pd:Sexual",
    }
)
SOURCES: Mapping[Provenance, str] = MappingProxyType(
    {
        Provenance.PROVIDED: "dpv:DataSubjectDataSource",
        Provenance.OBSERVED: "dpv:DataSubjectDataSource",
        Provenance.DERIVED: "dpv:DataControllerDataSource",
    }
)
PARTIES: Mapping[PartyRole, str] = MappingProxyType(
    {
        PartyRole.CONTROLLER: "dpv:DataController",
        PartyRole.PROCESSOR: "dpv:DataProcessor",
        PartyRole.RECIPIENT: "dpv:Recipient",
        PartyRole.AUTHORITY: "dpv:Authority",
    }
)
RIGHTS = ("A7-3", "A13", "A15", "A16", "A17", "A18", "A20", "A77")
"""What a person may do where consent is the basis (R-6-3), as terms of `eu-gdpr`."""
OTHER_TERMS = frozenset(
    f"dpv:{name}"
    for name in (
        "Collect", "ConsentNotice", "ConsentReceipt", "ConsentRecord", "DataProtectionAuthority", "DataSource",
        "DataSubject", "DirectMarketing", "Disclose", "EndlessDuration", "PersonalData", "Process",
        "ProcessingLocation", "Profiling", "Purpose", "Required", "Optional", "SpecialCategoryPersonalData",
        "StorageDuration", "StorageLocation", "Store", "TemporalDuration", "UntilEventDuration", "UntilTimeDuration",
        "Use", "WithdrawConsent",
        "hasApplicableLaw", "hasAuthority", "hasConsentControl", "hasConsentStatus", "hasDataController",
        "hasDataSource", "hasDataSubject", "hasDuration", "hasEntity", "hasIdentifier", "hasIndicationMethod",
        "hasJurisdiction", "hasLegalBasis", "hasLocation", "hasName", "hasNecessity", "hasNotice", "hasPersonalData",
        "hasProcess", "hasProcessing", "hasProcessingCondition", "hasPurpose", "hasRecipient", "hasRecordOfActivity",
        "hasRight", "hasStorageCondition", "hasThirdCountry", "isExercisedAt", "isIndicatedAtTime", "isIndicatedBy",
    )
)  # fmt: skip
TERMS: frozenset[str] = frozenset(
    {
        *STATES.values(),
        *DATA.values(),
        *SPECIAL.values(),
        *SOURCES.values(),
        *PARTIES.values(),
        *OTHER_TERMS,
        *(f"eu-gdpr:{name}" for name in (*RIGHTS, "A6-1-a", "A9-2-a")),
        "legal-eu:law-GDPR",
    }
)
"""Every term of DPV and its extensions that an export may hold, but for countries (`loc:` and ISO 3166-1 codes)."""
