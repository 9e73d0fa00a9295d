"""Telling the two-letter code of a country that is written as people write it: numbers are read and rules found by it.

A small table, not a gazetteer: two-letter codes of ISO 3166-1 that telephone numbering knows, and the English, French
and own names of the countries a European CRM meets most. What it does not know gives no region.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from phonenumbers import SUPPORTED_REGIONS

_NAMES = """
AE United Arab Emirates|Émirats arabes unis|UAE
AR Argentina|Argentine
AT Austria|Autriche|Österreich
AU Australia|Australie
BE Belgium|Belgique|België|Belgien
BG Bulgaria|Bulgarie
BR Brazil|Brésil|Brasil
CA Canada
CH Switzerland|Suisse|Schweiz|Svizzera
CI Côte d'Ivoire|Ivory Coast
CL Chile|Chili
CM Cameroon|Cameroun
CN China|Chine
CO Colombia|Colombie
CY Cyprus|Chypre
CZ Czech Republic|Czechia|République tchèque|Tchéquie|Česko
DE Germany|Allemagne|Deutschland
DK Denmark|Danemark|Danmark
DZ Algeria|Algérie
EE Estonia|Estonie|Eesti
EG Egypt|Égypte
ES Spain|Espagne|España
FI Finland|Finlande|Suomi
FR France
GB United Kingdom|Royaume-Uni|UK|Great Britain|Grande-Bretagne|England|Angleterre|Scotland|Écosse|Wales
GF French Guiana|Guyane
GP Guadeloupe
GR Greece|Grèce
HK Hong Kong
HR Croatia|Croatie|Hrvatska
HU Hungary|Hongrie|Magyarország
ID Indonesia|Indonésie
IE Ireland|Irlande|Éire
IL Israel|Israël
IN India|Inde
IS Iceland|Islande
IT Italy|Italie|Italia
JP Japan|Japon
KR South Korea|Corée du Sud
LB Lebanon|Liban
LI Liechtenstein
LT Lithuania|Lituanie|Lietuva
LU Luxembourg|Luxemburg
LV Latvia|Lettonie|Latvija
MA Morocco|Maroc
MC Monaco
MG Madagascar
MQ Martinique
MT Malta|Malte
MU Mauritius|Maurice
MX Mexico|Mexique|México
NC New Caledonia|Nouvelle-Calédonie
NL Netherlands|The Netherlands|Pays-Bas|Nederland|Holland|Hollande
NO Norway|Norvège|Norge
NZ New Zealand|Nouvelle-Zélande
PE Peru|Pérou|Perú
PF French Polynesia|Polynésie française
PL Poland|Pologne|Polska
PT Portugal
RE Réunion|La Réunion
RO Romania|Roumanie|România
RS Serbia|Serbie
RU Russia|Russie
SE Sweden|Suède|Sverige
SG Singapore|Singapour
SI Slovenia|Slovénie|Slovenija
SK Slovakia|Slovaquie|Slovensko
SN Senegal|Sénégal
TN Tunisia|Tunisie
TR Turkey|Turquie|Türkiye
UA Ukraine
US United States|États-Unis|USA|United States of America|U.S.A.
VN Vietnam|Viêt Nam
YT Mayotte
ZA South Africa|Afrique du Sud
"""


def _folded(text: str) -> str:
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return "".join(char for char in plain.casefold() if char.isalnum())


_REGION_OF = {_folded(name): line[:2] for line in _NAMES.strip().splitlines() for name in line[3:].split("|")}


@lru_cache(maxsize=1024)
def region_of(country: str) -> str | None:
    """Return the two-letter region of a country written as a code or a name; None where it cannot be told."""
    if len(country) > 100:
        return None
    code = country.strip().upper()
    if code in SUPPORTED_REGIONS:
        return code
    return _REGION_OF.get(_folded(country))
