"""Postal codes and where they lie; looked up in packages that carry their data, nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

from discovery.core.errors import UsageError

#: Countries whose postal codes are known, and how many leading characters of a code say where it is.
COUNTRIES = {"US": 5, "CA": 3}
_PACKAGES = {"US": "zipcodes", "CA": "pypostalcode"}


@cache
def postal_points(country: str) -> dict[str, tuple[float, float]]:
    """Return latitude and longitude of the middle of every postal code of a country, in degrees.

    Codes are cut to the characters `COUNTRIES` counts: five digits in the United States (package ``zipcodes``, data by
    GeoNames), the sorting area in Canada (package ``pypostalcode``).

    Raises
    ------
    UsageError
        If the country is not covered, or the package is missing, with what to do.
    """
    package = _package(country)
    if country == "US":
        rows: Iterable[tuple[str, Any, Any]] = ((z["zip_code"], z["lat"], z["long"]) for z in package.list_all())
    else:
        listed = package.PostalCodeDatabase().find_postalcode()
        rows = ((each.postalcode, each.latitude, each.longitude) for each in listed)
    return {code: (float(latitude), float(longitude)) for code, latitude, longitude in rows if latitude and longitude}


@cache
def point_of(country: str, code: str) -> tuple[float, float]:
    """Return latitude and longitude of a postal code; for one, no table of all is made.

    Raises
    ------
    UsageError
        If it is not known.

    Examples
    --------
    >>> [round(degrees, 1) for degrees in point_of("US", "02108")]
    [42.4, -71.1]
    """
    package, short = _package(country), re.sub(r"[\s-]", "", code).upper()[: COUNTRIES[country]]
    try:
        if country == "US":
            [found] = package.matching(short)
            return float(found["lat"]), float(found["long"])
        entry = package.PostalCodeDatabase()[short]
        return float(entry.latitude), float(entry.longitude)
    except (ValueError, TypeError, IndexError) as error:
        raise UsageError(f"A postal code of {country} must exist, got {code!r}.") from error


def _package(country: str) -> Any:
    if country not in COUNTRIES:
        raise UsageError(
            f"Postal codes are known for {' and '.join(COUNTRIES)}, got {country!r}. "
            "Give the point instead: distance_miles_to(48.86, 2.35)."
        )
    try:
        return import_module(_PACKAGES[country])
    except ImportError as error:
        raise UsageError("Postal codes need: pip install 'segment-discovery[geo]'.") from error
