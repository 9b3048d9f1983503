"""Postal codes to points on the map, where the data state none."""

from __future__ import annotations

import pandas as pd

from discovery.core.postal import COUNTRIES, postal_points
from discovery.engine.duckdb import Engine
from discovery.engine.sql import literal


def place_postal_codes(engine: Engine) -> list[str]:
    """Give customers without a point the middle of their postal code, in countries whose codes are known.

    Stated points always win. Works on the table ``customers`` and returns what the reader should know.

    Raises
    ------
    UsageError
        If a package that knows the codes is missing, with how to get it.
    """
    notes = []
    for country, length in COUNTRIES.items():
        wanting = (
            f"c.country = {literal(country)} AND c.latitude IS NULL AND c.longitude IS NULL "
            "AND c.postal_code IS NOT NULL"
        )
        asked = int(engine.scalar(f"SELECT count(*) FROM customers c WHERE {wanting}"))
        if not asked:
            continue
        points = postal_points(country)
        known = pd.DataFrame([(code, *point) for code, point in points.items()], columns=["code", "lat", "long"])
        engine.load("postal_points", known)
        same = f"p.code = left(upper(replace(replace(c.postal_code, ' ', ''), '-', '')), {length})"
        found = engine.scalar(f"SELECT count(*) FROM customers c JOIN postal_points p ON {same} WHERE {wanting}")
        engine.run(
            "UPDATE customers AS c SET latitude = p.lat, longitude = p.long FROM postal_points AS p "
            f"WHERE {wanting} AND {same}"
        )
        engine.run("DROP TABLE postal_points")
        notes.append(f"{found:,} of {asked:,} {country} customers without a point were placed by postal code.")
    return notes
