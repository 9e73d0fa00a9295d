"""Countries as documents name them, and which of them stand under the GDPR itself (Art. 44)."""

from __future__ import annotations

_NAMES: dict[str, tuple[str, str]] = {
    "AT": ("Autriche", "Austria"),
    "BE": ("Belgique", "Belgium"),
    "BG": ("Bulgarie", "Bulgaria"),
    "CA": ("Canada", "Canada"),
    "CH": ("Suisse", "Switzerland"),
    "CY": ("Chypre", "Cyprus"),
    "CZ": ("Tchéquie", "Czechia"),
    "DE": ("Allemagne", "Germany"),
    "DK": ("Danemark", "Denmark"),
    "EE": ("Estonie", "Estonia"),
    "ES": ("Espagne", "Spain"),
    "FI": ("Finlande", "Finland"),
    "FR": ("France", "France"),
    "GB": ("Royaume-Uni", "United Kingdom"),
    "GR": ("Grèce", "Greece"),
    "HR": ("Croatie", "Croatia"),
    "HU": ("Hongrie", "Hungary"),
    "IE": ("Irlande", "Ireland"),
    "IN": ("Inde", "India"),
    "IS": ("Islande", "Iceland"),
    "IT": ("Italie", "Italy"),
    "JP": ("Japon", "Japan"),
    "LI": ("Liechtenstein", "Liechtenstein"),
    "LT": ("Lituanie", "Lithuania"),
    "LU": ("Luxembourg", "Luxembourg"),
    "LV": ("Lettonie", "Latvia"),
    "MA": ("Maroc", "Morocco"),
    "MT": ("Malte", "Malta"),
    "NL": ("Pays-Bas", "Netherlands"),
    "NO": ("Norvège", "Norway"),
    "PL": ("Pologne", "Poland"),
    "PT": ("Portugal", "Portugal"),
    "RO": ("Roumanie", "Romania"),
    "SE": ("Suède", "Sweden"),
    "SI": ("Slovénie", "Slovenia"),
    "SK": ("Slovaquie", "Slovakia"),
    "TN": ("Tunisie", "Tunisia"),
    "US": ("États-Unis", "United States"),
}
_OUTSIDE = frozenset({"CA", "CH", "GB", "IN", "JP", "MA", "TN", "US"})
EEA = frozenset(_NAMES) - _OUTSIDE
"""The 27 member states, Iceland, Liechtenstein and Norway: data sent there are not transferred (Art. 44)."""


def country_name(code: str, lang: str) -> str:
    """Return a country's name in a language (`fr`, else English), or its code where no name is kept."""
    french, english = _NAMES.get(code, (code, code))
    return french if lang == "fr" else english
