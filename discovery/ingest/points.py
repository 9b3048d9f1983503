"""Postal codes to points on the map, where the data state none."""

from __future__ import annotations

from typing import Any

import pandas as pd

from discovery.core.errors import UsageError
from discovery.engine.duckdb import Engine


def place_postal_codes(engine: Engine) -> list[str]:
    """Give customers of the United States without a point the middle of their postal code; stated points always win.

    Works on the table ``customers`` and returns what the reader should know. Postal codes are looked up in the package
    ``zipcodes`` (data by GeoNames), nothing is fetched.

    Raises
    ------
    UsageError
        If the package is missing, with how to get it.
    """
    try:
        import zipcodes
    except ImportError as error:
        raise UsageError("places.postal_points needs: pip install 'segment-discovery[geo]'.") from error
    listed: Any = zipcodes
    rows = [(z["zip_code"], float(z["lat"]), float(z["long"])) for z in listed.list_all() if z["lat"] and z["long"]]
    known = pd.DataFrame(rows, columns=["zip", "lat", "long"]).drop_duplicates("zip")
    engine.load("postal_points", known)
    wanting = "c.country = 'US' AND c.latitude IS NULL AND c.longitude IS NULL AND c.postal_code IS NOT NULL"
    code = "left(trim(c.postal_code), 5)"
    asked, found = engine.rows(
        f"SELECT count(*), count(p.zip) FROM customers c LEFT JOIN postal_points p ON p.zip = {code} WHERE {wanting}"
    )[0]
    engine.run(
        "UPDATE customers AS c SET latitude = p.lat, longitude = p.long FROM postal_points AS p "
        f"WHERE {wanting} AND p.zip = {code}"
    )
    engine.run("DROP TABLE postal_points")
    return [f"{found:,} of {asked:,} US customers without a point were placed by postal code (GeoNames)."]
