"""Country names to ISO 3166-1 alpha-2 codes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pycountry

#: Names that stores and older exports use and ISO 3166 does not list.
ALIASES: Mapping[str, str] = {
    "eire": "IE",
    "rsa": "ZA",
    "usa": "US",
    "u.s.": "US",
    "u.s.a.": "US",
    "uk": "GB",
    "u.k.": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "korea": "KR",
    "south korea": "KR",
    "russia": "RU",
    "holland": "NL",
    "the netherlands": "NL",
    "czech republic": "CZ",
    "ivory coast": "CI",
    "uae": "AE",
    "turkey": "TR",
}


@cache
def country_code(name: str) -> str | None:
    """Return the ISO 3166-1 alpha-2 code of a country's name or code, or None where it is not known.

    "NA" is Namibia. Names of regions that are no country ("West Indies", "European Community") stay unknown.

    Examples
    --------
    >>> country_code("EIRE"), country_code("NA"), country_code("United Kingdom"), country_code("Unspecified")
    ('IE', 'NA', 'GB', None)
    """
    text = name.strip()
    if text.lower() in ALIASES:
        return ALIASES[text.lower()]
    try:
        return str(pycountry.countries.lookup(text).alpha_2)
    except LookupError:
        return None
