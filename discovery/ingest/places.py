"""Countries and regions as people and platforms write them, to ISO 3166 codes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pandas as pd
import pycountry

from discovery.core.many import many
from discovery.engine.duckdb import Engine
from discovery.ingest.countries import country_code


@cache
def region_code(country: str, region: str) -> str:
    """Return the ISO 3166-2 code of a region of a country, or the text as it is where ISO does not know it.

    Examples
    --------
    >>> region_code("US", "NY"), region_code("US", "New York"), region_code("CA", "CA-ON"), region_code("FR", "Midi")
    ('US-NY', 'US-NY', 'CA-ON', 'Midi')
    """
    text = region.strip()
    codes = _regions(country)
    for form in (text.upper(), f"{country}-{text.upper()}"):
        if form in codes.values():
            return form
    return codes.get(text.casefold(), text)


@cache
def _regions(country: str) -> Mapping[str, str]:
    found = pycountry.subdivisions.get(country_code=country) or []  # type: ignore[no-untyped-call]
    return {str(s.name).casefold(): str(s.code) for s in sorted(found, key=lambda s: str(s.code), reverse=True)}


def code_places(engine: Engine, table: str) -> list[str]:
    """Replace the texts of ``country`` and ``region`` in `table` by their codes; return notes on what stays unknown.

    A country that is not known becomes missing; a region that is not known, or without a country, stays as it is.
    """
    pairs = engine.rows(f"SELECT country, region, count(*) FROM {table} GROUP BY ALL ORDER BY ALL")
    coded, unknown = [], dict[str, int]()
    for country, region, rows in pairs:
        code = country_code(country) if country else None
        if country and code is None:
            unknown[country] = unknown.get(country, 0) + rows
        coded.append((country, region, code, region_code(code, region) if code and region else region))
    frame = pd.DataFrame(coded, columns=["country", "region", "country_code", "region_code"]).astype("str")
    engine.load("place_codes", frame.where(pd.DataFrame(coded, columns=frame.columns).notna(), None))
    engine.run(
        f"CREATE OR REPLACE TABLE {table} AS SELECT t.* REPLACE (p.country_code AS country, p.region_code AS region) "
        f"FROM {table} t LEFT JOIN place_codes p ON t.country IS NOT DISTINCT FROM p.country "
        "AND t.region IS NOT DISTINCT FROM p.region"
    )
    engine.run("DROP TABLE place_codes")
    if not unknown:
        return []
    listed = ", ".join(f"{name} ({many(n, 'row')})" for name, n in sorted(unknown.items()))
    return [f"Country unknown, left missing: {listed}."]
