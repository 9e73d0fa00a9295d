"""The words for what is stored of a person, in French and in English: stores, fields and codes, as a person reads them.

A store or a field of a host application that has no words here is called by its own name, made readable.
"""

from __future__ import annotations

from types import MappingProxyType

from registry.wording import LANGUAGES, Words, said

STORES: Words = MappingProxyType(
    {
        "cc_account": ("Entreprise", "Company"),
        "cc_archive_index": ("Recherche dans l’archive", "Search in the archive"),
        "cc_archived_row": ("Archive à accès restreint", "Archive with limited access"),
        "cc_attempt": ("Tentatives comptées", "Attempts counted"),
        "cc_blind_index": ("Index de recherche", "Search index"),
        "cc_breach": ("Violations de données", "Data breaches"),
        "cc_call": ("Appels téléphoniques", "Telephone calls"),
        "cc_certificate": ("Attestations", "Certificates"),
        "cc_code": ("Codes à usage unique", "One-time codes"),
        "cc_consent_record": ("Vos choix, l’un après l’autre", "Your choices, one after another"),
        "cc_consent_state": ("Vos choix en vigueur", "Your choices as they stand"),
        "cc_contact": ("Fiche de contact", "Contact record"),
        "cc_contact_point": ("Adresses électroniques et téléphones", "E-mail addresses and telephones"),
        "cc_contract": ("Contrats", "Contracts"),
        "cc_disclosure": ("Transmissions à des destinataires", "Disclosures to recipients"),
        "cc_disposal": ("Données supprimées", "Deleted data"),
        "cc_download": ("Téléchargements de vos données", "Downloads of your data"),
        "cc_external_id": ("Identifiants dans nos autres systèmes", "Identifiers in our other systems"),
        "cc_log_content": ("Preuves de vos choix et de vos demandes", "Proofs of your choices and requests"),
        "cc_log_event": ("Journal des preuves", "Log of proofs"),
        "cc_notice_shown": ("Mentions d’information présentées", "Information notices shown"),
        "cc_objection": ("Vos oppositions", "Your objections"),
        "cc_outbox": ("Messages envoyés", "Messages sent"),
        "cc_provenance": ("Origine de vos données", "Origin of your data"),
        "cc_quarantine": ("Lignes d’import en attente de correction", "Imported rows that wait to be corrected"),
        "cc_recipient_notice": ("Avis aux destinataires", "Notices to recipients"),
        "cc_refresh_reminder": ("Rappels de vos accords", "Reminders of your agreements"),
        "cc_request": ("Votre demande", "Your request"),
        "cc_request_item": ("Suites données à votre demande", "What your request led to"),
        "cc_request_right": ("Droits exercés", "Rights exercised"),
        "cc_request_step": ("Étapes de votre demande", "Steps of your request"),
        "cc_request_transition": ("Suivi de votre demande", "Progress of your request"),
        "cc_restriction": ("Limitations du traitement", "Restrictions of processing"),
        "cc_session": ("Sessions ouvertes sur nos pages", "Sessions open on our pages"),
        "cc_shred_pending": ("Destructions de clés en cours", "Destructions of keys under way"),
        "cc_staff": ("Comptes de notre personnel", "Accounts of our staff"),
        "cc_subject": ("Référence interne", "Internal reference"),
        "cc_subject_link": ("Références d’une même personne", "References of one person"),
        "cc_suppression": ("Liste d’opposition", "Opposition list"),
        "cc_transaction": ("Commandes et factures", "Orders and invoices"),
    }
)
"""Table -> what it holds; none of them is ever shown by the table's name."""
FIELDS: Words = MappingProxyType(
    {
        "address_digest": ("Empreinte d’adresse", "Hash of an address"),
        "account_id": ("Entreprise (référence)", "Company (reference)"),
        "account_name": ("Entreprise", "Company"),
        "amount": ("Montant", "Amount"),
        "asked_at": ("Question posée le", "Asked on"),
        "at": ("Date", "Date"),
        "bidx": ("Empreinte de recherche", "Search hash"),
        "billing_city": ("Ville de facturation", "Billing city"),
        "billing_country": ("Pays de facturation", "Billing country"),
        "billing_name": ("Nom de facturation", "Billing name"),
        "billing_postal_code": ("Code postal de facturation", "Billing postcode"),
        "billing_region": ("Région de facturation", "Billing region"),
        "billing_street": ("Rue de facturation", "Billing street"),
        "birth_date": ("Date de naissance", "Date of birth"),
        "body": ("Texte", "Text"),
        "capacity": ("Qualité", "Capacity"),
        "categories": ("Données transmises", "Data disclosed"),
        "changes": ("Rectification", "Rectification"),
        "channel": ("Canal", "Channel"),
        "city": ("Ville", "City"),
        "contact_point": ("Adresse ou numéro", "Address or number"),
        "content": ("Contenu", "Content"),
        "country": ("Pays", "Country"),
        "country_code": ("Pays (code)", "Country (code)"),
        "currency": ("Monnaie", "Currency"),
        "deceased_on": ("Date de décès", "Date of death"),
        "digest": ("Empreinte", "Hash"),
        "email": ("Adresse électronique", "E-mail address"),
        "ends_on": ("Fin", "End"),
        "evidence": ("Pièce jointe", "Enclosure"),
        "expires_at": ("Valable jusqu’au", "Valid until"),
        "fax": ("Télécopie", "Fax"),
        "first_name": ("Prénom", "First name"),
        "gender": ("Genre", "Gender"),
        "ground": ("Motif", "Ground"),
        "header": ("En-tête de la preuve", "Header of the proof"),
        "issued_on": ("Date", "Date"),
        "job_title": ("Fonction", "Job title"),
        "key_class": ("Clé", "Key"),
        "kind": ("Nature", "Kind"),
        "language": ("Langue", "Language"),
        "last_contact_at": ("Dernier contact venu de vous", "Last contact from you"),
        "last_name": ("Nom", "Last name"),
        "method": ("Moyen", "Means"),
        "mobile": ("Téléphone mobile", "Mobile telephone"),
        "name": ("Nom", "Name"),
        "name_bidx": ("Empreinte du nom", "Hash of the name"),
        "note": ("Note signée", "Signed note"),
        "notes": ("Notes", "Notes"),
        "notice": ("Texte présenté", "Text shown"),
        "number": ("Numéro", "Number"),
        "other_ref": ("Autre référence interne", "Other internal reference"),
        "outcome": ("Issue", "Outcome"),
        "payload": ("Contenu de la preuve", "Content of the proof"),
        "phone": ("Téléphone", "Telephone"),
        "postal_code": ("Code postal", "Postcode"),
        "purpose": ("Finalité", "Purpose"),
        "quality": ("Forme du consentement", "Form of the consent"),
        "reason": ("Motif", "Reason"),
        "recipient": ("Destinataire", "Recipient"),
        "ref": ("Ligne", "Row"),
        "reference": ("Demande", "Request"),
        "region": ("Région", "Region"),
        "requester": ("Demandeur", "Requester"),
        "right": ("Droit", "Right"),
        "role": ("Qualité du demandeur", "Capacity of the requester"),
        "row_id": ("Ligne", "Row"),
        "scope": ("Étendue", "Scope"),
        "sealed_row": ("Ligne reçue", "Row received"),
        "source_text": ("Origine", "Origin"),
        "starts_on": ("Début", "Start"),
        "state": ("État", "State"),
        "status": ("État", "State"),
        "street": ("Rue", "Street"),
        "subject": ("Objet", "Subject"),
        "subject_ref": ("Référence interne", "Internal reference"),
        "summary": ("Résumé", "Summary"),
        "tags": ("Étiquettes", "Tags"),
        "timezone": ("Fuseau horaire", "Time zone"),
        "to": ("Destinataire", "Recipient"),
        "value": ("Valeur", "Value"),
        "written_email": ("Adresse telle qu’écrite", "Address as written"),
        "what": ("Données consultées", "Data viewed"),
        "who": ("Empreinte d’adresse", "Hash of an address"),
    }
)
"""Column, or key of a sealed document -> what it is."""
FIELDS_OF: Words = MappingProxyType(
    {
        "cc_external_id.value": ("Identifiant", "Identifier"),
        "cc_request.content.method": ("Identité vérifiée par", "Identity verified by"),
        "cc_log_content.payload.reason": ("Motif ou moyen", "Reason or means"),
        "cc_certificate.body": ("Attestation", "Certificate"),
    }
)
"""Store and field -> what it is there, where it has another sense than elsewhere."""
TECHNICAL = frozenset(
    {
        *("account_id", "bidx", "digest", "header", "name_bidx", "note", "objection_id", "ref", "record_id"),
        *("request_id", "restriction_id", "row_id", "subject_ref", "notice_sha256", "policy_sha256", "key_class"),
    }
)
"""Internal references and hashes: exact in `data.json`, nothing that a person could read elsewhere."""
CODES: Words = MappingProxyType(
    {
        "absolute": ("définitive", "absolute"),
        "access": ("accès", "access"),
        "accuracy_contested": ("exactitude contestée", "accuracy contested"),
        "api": ("par un de nos systèmes", "through one of our systems"),
        "by_hand": ("par notre équipe", "by our staff"),
        "closed": ("terminé", "closed"),
        "consumer": ("particulier", "private individual"),
        "contact_details": ("nom et adresse électronique", "name and e-mail address"),
        "done": ("menée à bien", "carried out"),
        "double_opt_in": ("double confirmation par e-mail", "double confirmation by e-mail"),
        "email": ("e-mail", "e-mail"),
        "email_code": ("code reçu par e-mail", "code received by e-mail"),
        "email_link": ("lien reçu par e-mail", "link received by e-mail"),
        "erasure": ("effacement", "erasure"),
        "erasure_running": ("effacement en cours", "erasure under way"),
        "expired": ("arrivé à son terme", "expired"),
        "fax": ("télécopie", "fax"),
        "given": ("consentement donné", "consent given"),
        "heir": ("héritier", "heir"),
        "id_document": ("pièce d’identité", "identity document"),
        "import": ("import", "import"),
        "invalidated": ("consentement devenu sans effet", "consent no longer valid"),
        "in_person": ("en personne", "in person"),
        "invoice": ("facture", "invoice"),
        "known_address": ("adresse déjà connue", "address known already"),
        "legal_claims": ("droits en justice", "legal claims"),
        "letter": ("courrier", "letter"),
        "mandate": ("mandataire", "authorised agent"),
        "mobile": ("téléphone mobile", "mobile telephone"),
        "not_found": ("aucune donnée trouvée", "no data found"),
        "objection": ("opposition", "objection"),
        "objection_pending": ("opposition à l’examen", "objection under examination"),
        "open": ("en cours", "open"),
        "order": ("commande", "order"),
        "paper": ("sur papier", "on paper"),
        "parent": ("parent", "parent"),
        "partial": ("menée à bien en partie", "carried out in part"),
        "pending": ("à l’examen", "under examination"),
        "phone": ("téléphone", "telephone"),
        "portability": ("portabilité", "portability"),
        "portal": ("espace en ligne", "online portal"),
        "post": ("courrier postal", "post"),
        "professional": ("professionnel", "professional"),
        "rectification": ("rectification", "rectification"),
        "refused": ("refus", "refused"),
        "renewed": ("consentement renouvelé", "consent renewed"),
        "requested": ("consentement demandé", "consent asked for"),
        "restriction": ("limitation", "restriction"),
        "return": ("retour", "return"),
        "sms": ("SMS", "text message"),
        "subscription": ("abonnement", "subscription"),
        "unlawful": ("traitement illicite", "unlawful processing"),
        "upheld": ("acceptée", "upheld"),
        "web_form": ("formulaire en ligne", "online form"),
        "withdrawal": ("retrait du consentement", "withdrawal of consent"),
        "withdrawn": ("consentement retiré", "consent withdrawn"),
    }
)
"""Code -> what it means, in the fields that hold codes."""
_CODED = frozenset(
    {"capacity", "channel", "ground", "kind", "method", "outcome", "reason", "right", "role", "scope", "state"}
    | {"status", "what"}
)
_FIRST = (
    *("cc_contact", "cc_contact_point", "cc_account", "cc_transaction", "cc_consent_state", "cc_consent_record"),
    *("cc_objection", "cc_restriction", "cc_disclosure", "cc_request", "cc_request_right", "cc_outbox"),
    *("cc_provenance", "cc_external_id", "cc_log_content"),
)
_POINTS = ("cc_contact_point.value",)


def store_label(store: str, lang: str) -> str:
    """Return what a store is called; a host's own store by its name, made readable."""
    return said(STORES, store, lang) if store in STORES else _readable(store)


def field_label(store: str, field: str, lang: str, value: str = "") -> str:
    """Return what a field of a store is called; a contact point by the kind that its value shows."""
    place = LANGUAGES.index(lang)
    whole = f"{store}.{field}"
    if whole in _POINTS and value:
        return FIELDS["email" if "@" in value else "phone"][place]
    pair = FIELDS_OF.get(whole) or FIELDS.get(last_part(field))
    return _readable(last_part(field)) if pair is None else pair[place]


def value_in_words(field: str, value: str, lang: str) -> str:
    """Return what a code means in a field that holds codes, else the value as it is."""
    return said(CODES, value, lang) if last_part(field) in _CODED else value


def is_technical(field: str) -> bool:
    """Tell whether a field holds an internal reference or a hash, which says nothing to a person."""
    return last_part(field) in TECHNICAL


def last_part(field: str) -> str:
    """Return the key that a field inside a sealed document ends in, numbers of lists left out."""
    parts = [part for part in field.split(".") if not part.isdigit()]
    return parts[-1] if parts else field


def place_of(store: str) -> int:
    """Return where a store stands among the others when a person reads them: what is best known first."""
    return _FIRST.index(store) if store in _FIRST else len(_FIRST)


def file_stem(store: str) -> str:
    """Return the name of a store's table among the files of a package, the same in every language."""
    return store.removeprefix("cc_")


def _readable(name: str) -> str:
    text = name.removeprefix("cc_").replace("_", " ").strip()
    return text[:1].upper() + text[1:] if text else name
