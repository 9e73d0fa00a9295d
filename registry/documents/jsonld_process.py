"""What a consent is about: purpose, data, processing, keeping, places, rights (TS 27560, processing fields)."""

from __future__ import annotations

from consentcore.columns import Category
from consentcore.consent.fields import TAKEN_OVER, DataUsed, RegulatoryFields
from consentcore.policyset import Channel, RetentionRule
from registry.countries import EEA
from registry.documents.dpv import DATA, RIGHTS, SOURCES, SPECIAL
from registry.documents.jsonld_parties import AUTHORITY
from registry.documents.jsonld_values import Node, references, texts
from registry.wording import CATEGORIES, EVENTS, LANGUAGES, said

_REACHED_BY = {
    Channel.EMAIL: Category.EMAIL,
    Channel.SMS: Category.PHONE,
    Channel.PHONE: Category.PHONE,
    Channel.POST: Category.ADDRESS,
    Channel.APP: Category.IDENTIFIER,
}
_PROOF = frozenset({Category.CONSENT, Category.PSEUDONYM})
"""Without these there would be no record of the consent."""


def process(fields: RegulatoryFields, root: str, withdraw: str, rights: str) -> Node:
    """Return the one process that the consent permits; `withdraw` and `rights` are where the person acts."""
    countries = [f"loc:{code}" for code in fields.storage_countries]
    outside = sorted({one.country for one in fields.recipients} - set(EEA))
    country = fields.controller.country
    jurisdictions = [f"loc:{country}", *(["loc:EU"] if country in EEA else [])]
    made: Node = {
        "@id": f"{root}#process",
        "@type": "dpv:Process",
        "dpv:hasPurpose": _purpose(fields, root),
        "dpv:hasPersonalData": _data(fields, root),
        "dpv:hasProcessing": references(_operations(fields)),
        "dpv:hasDataSource": references(_sources(fields)),
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageLocation", "dpv:hasLocation": references(countries)},
            *(node for used in fields.data for node in _kept(used, root)),
        ],
        "dpv:hasProcessingCondition": {"@type": "dpv:ProcessingLocation", "dpv:hasLocation": references(countries)},
        "dpv:hasDataController": {"@id": f"{root}#{fields.controller.id}"},
        "dpv:hasLegalBasis": references(_bases(fields)),
        "dpv:hasRecipient": references(f"{root}#{one.id}" for one in fields.recipients or (fields.controller,)),
        "dpv:hasConsentControl": {"@type": "dpv:WithdrawConsent", "dpv:isExercisedAt": {"@id": withdraw}},
        "dpv:hasJurisdiction": references(jurisdictions),
        "dpv:hasApplicableLaw": {"@id": "legal-eu:law-GDPR"},
        "dpv:hasRight": [
            {"@type": f"eu-gdpr:{one}", "dpv:isExercisedAt": {"@id": withdraw if one == "A7-3" else rights}}
            for one in RIGHTS
        ],
        "dpv:hasAuthority": {"@id": f"{root}#{AUTHORITY}"},
    }
    return made | ({"dpv:hasThirdCountry": references(f"loc:{one}" for one in outside)} if outside else {})


def _purpose(fields: RegulatoryFields, root: str) -> Node:
    purpose = fields.purpose
    made: Node = {
        "@id": f"{root}#purpose",
        "@type": "dpv:Purpose",
        "dct:identifier": f"{purpose.id}@{purpose.version}",
        "dct:title": texts(purpose.title),
        "dct:description": texts(purpose.description),
    }
    return made | ({"skos:broader": {"@id": "dpv:DirectMarketing"}} if purpose.is_marketing else {})


def _data(fields: RegulatoryFields, root: str) -> list[Node]:
    reached = _REACHED_BY[Channel(fields.channel)]
    made = []
    for used in fields.data:
        for one in used.categories:
            made.append(
                {
                    "@id": f"{root}#data-{used.id}-{DATA[one].partition(':')[2]}",
                    "@type": "dpv:PersonalData",
                    "skos:broader": {"@id": DATA[one]},
                    "dct:title": texts({lang: said(CATEGORIES, one, lang) for lang in LANGUAGES}),
                    "dct:isPartOf": {"@id": f"{root}#data-{used.id}"},
                    "dpv:hasNecessity": {"@id": "dpv:Required" if one in {reached, *_PROOF} else "dpv:Optional"},
                }
            )
        if not used.categories:
            made.append(_class_alone(used, root))
    return [
        *made,
        *(_special(one, root) for one in sorted(map(SPECIAL.__getitem__, fields.purpose.special_categories))),
    ]


def _class_alone(used: DataUsed, root: str) -> Node:
    return {
        "@id": f"{root}#data-{used.id}",
        "@type": "dpv:PersonalData",
        "skos:broader": {"@id": "dpv:PersonalData"},
        "dct:title": texts(used.names) or [used.id],
        "dpv:hasNecessity": {"@id": "dpv:Required"},
    }


def _special(term: str, root: str) -> Node:
    return {
        "@id": f"{root}#special-{term.partition(':')[2]}",
        "@type": "dpv:PersonalData",
        "skos:broader": references((term, "dpv:SpecialCategoryPersonalData")),
        "dct:title": [term.partition(":")[2]],
        "dpv:hasNecessity": {"@id": "dpv:Required"},
    }


def _operations(fields: RegulatoryFields) -> list[str]:
    made = ["dpv:Collect", "dpv:Store", "dpv:Use"]
    made += ["dpv:Disclose"] if fields.recipients else []
    return [*made, *(["dpv:Profiling"] if fields.purpose.profiling else [])]


def _sources(fields: RegulatoryFields) -> list[str]:
    """Name the sources of the data; where declarations came from elsewhere, that there was another is all we know."""
    made = [SOURCES[one] for used in fields.data for one in used.provenances]
    taken_over = any(event.method == TAKEN_OVER for event in fields.events)
    return [*(made or ["dpv:DataSubjectDataSource"]), *(["dpv:DataSource"] if taken_over else [])]


def _kept(used: DataUsed, root: str) -> list[Node]:
    about = {"@id": f"{root}#data-{used.id}"}
    if not used.limits:
        ends: Node = {"@type": "dpv:UntilEventDuration", "rdf:value": "withdrawal of the consent"}
        return [{"@type": "dpv:StorageDuration", "dct:subject": about, "dpv:hasDuration": ends}]
    return [
        {
            "@type": "dpv:StorageDuration",
            "dct:subject": about,
            "dct:description": texts({lang: _start_in_words(rule, lang) for lang in LANGUAGES}),
            "dpv:hasDuration": _period(rule),
        }
        for rule in used.limits
    ]


def _start_in_words(rule: RetentionRule, lang: str) -> str:
    event = said(EVENTS, rule.starts, lang)
    return f"à partir de : {event}" if lang == "fr" else f"from {event}"


def _period(rule: RetentionRule) -> Node:
    if rule.period is None:
        return {"@type": "dpv:EndlessDuration"}
    return {"@type": "dpv:TemporalDuration", "rdf:value": {"@type": "xsd:duration", "@value": rule.period}}


def _bases(fields: RegulatoryFields) -> list[str]:
    return ["eu-gdpr:A6-1-a", *(["eu-gdpr:A9-2-a"] if fields.purpose.special_categories else [])]
