"""The security measures that this product itself takes, in words for the register (Art. 30(1)(g), 32).

Each sentence is about code that runs in this version; what the organisation does around it, its own register says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """One technical or organisational measure; `taken` is False for what this version does not do."""

    id: str
    text: Mapping[str, str]
    taken: bool = True


MEASURES: tuple[Measure, ...] = (
    Measure(
        "encryption",
        {
            "fr": "Champs directement identifiants chiffrés (AES-256-GCM) sous une clé propre à chaque personne ; "
            "chaque valeur est liée à sa place et ne s’ouvre nulle part ailleurs.",
            "en": "Directly identifying fields sealed (AES-256-GCM) under a key of each person’s own; each value is "
            "bound to its place and opens nowhere else.",
        },
    ),
    Measure(
        "keys_apart",
        {
            "fr": "Clés conservées dans une base distincte, elles-mêmes chiffrées par une clé maîtresse gardée hors "
            "des deux bases ; rotation de la clé maîtresse sans arrêt.",
            "en": "Keys kept in a database of their own, themselves sealed by a master key held outside both "
            "databases; the master key is rotated without a stop.",
        },
    ),
    Measure(
        "pseudonymisation",
        {
            "fr": "Personnes désignées par un pseudonyme aléatoire ; recherche par empreinte à clé, qui laisse voir "
            "l’égalité de deux valeurs et rien d’autre.",
            "en": "Persons named by a random pseudonym; search by keyed hash, which shows that two values are equal "
            "and nothing else.",
        },
    ),
    Measure(
        "traceability",
        {
            "fr": "Journal en ajout seul, chaîné et signé (arbre de Merkle) : tout changement après coup se constate ; "
            "il ne contient aucune donnée directement identifiante.",
            "en": "Append-only log, chained and signed (Merkle tree): any later change shows; it holds no directly "
            "identifying data.",
        },
    ),
    Measure(
        "erasure",
        {
            "fr": "Effacement par suppression des lignes et destruction de la clé de la personne, attesté au journal.",
            "en": "Erasure by deleting the rows and destroying the person’s key, certified in the log.",
        },
    ),
    Measure(
        "limits",
        {
            "fr": "Limite connue : restent en clair, sous pseudonyme, les dates, l’état des choix, la langue et le "
            "type de relation.",
            "en": "Known limit: dates, the state of choices, language and kind of relationship are kept unsealed, "
            "under a pseudonym.",
        },
    ),
    Measure(
        "access_control",
        {
            "fr": "Pas dans cette version : comptes nominatifs avec rôles et inscription de chaque consultation ; "
            "l’accès se règle par le système hôte et par des clés d’API à portée limitée.",
            "en": "Not in this version: named accounts with roles and a record of each consultation; access is settled "
            "by the host system and by API keys of limited scope.",
        },
        taken=False,
    ),
    Measure(
        "backups",
        {
            "fr": "Pas dans cette version : sauvegardes par le produit ; elles relèvent de l’exploitant, la base des "
            "clés étant à sauvegarder à part.",
            "en": "Not in this version: backups by the product; they are the operator’s, and the database of keys is "
            "to be backed up apart.",
        },
        taken=False,
    ),
)
