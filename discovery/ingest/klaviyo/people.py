"""Who is who in Klaviyo: ids, e-mails and phones become one customer id."""

from __future__ import annotations

from typing import Literal

from discovery.engine.duckdb import Engine

_PERSON = 'file VARCHAR, "row" BIGINT, klaviyo_id VARCHAR, email VARCHAR, phone VARCHAR'


def name_customers(engine: Engine, key: Literal["id", "email"]) -> list[str]:
    """Add ``customer_id`` to ``klaviyo_profiles`` and ``klaviyo_events``; return notes.

    Profiles say which id has which e-mail, and so do events that carry both. With `key` ``id`` a customer is named
    by Klaviyo's id, else by the e-mail, else by the phone; with ``email`` by the e-mail, else the id. An e-mail with
    several ids stands for the smallest of them, an id with several e-mails for the one of its newest profile.
    """
    for table in ("klaviyo_profiles", "klaviyo_events"):
        if not engine.scalar("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [table]):
            engine.run(f"CREATE TABLE {table} ({_PERSON}, updated BIGINT)")
    engine.run(
        "CREATE OR REPLACE TABLE klaviyo_pairs AS SELECT klaviyo_id, email, min(source) AS source, "
        "max(updated) AS updated FROM (SELECT klaviyo_id, email, 0 AS source, updated FROM klaviyo_profiles UNION ALL "
        "SELECT klaviyo_id, email, 1 AS source, NULL FROM klaviyo_events) "
        "WHERE klaviyo_id IS NOT NULL AND email IS NOT NULL GROUP BY klaviyo_id, email"
    )
    if key == "id":
        other, named = "email", "min_by(klaviyo_id, (source, klaviyo_id))"
        customer = "coalesce(t.klaviyo_id, p.named, t.email, t.phone)"
    else:
        other, named = "klaviyo_id", "min_by(email, (source, -coalesce(updated, 0), email))"
        customer = "coalesce(p.named, t.email, t.klaviyo_id, t.phone)"
    for table in ("klaviyo_profiles", "klaviyo_events"):
        engine.run(
            f"CREATE OR REPLACE TABLE {table} AS SELECT t.*, {customer} AS customer_id FROM {table} t "
            f"LEFT JOIN (SELECT {other}, {named} AS named FROM klaviyo_pairs GROUP BY {other}) p USING ({other})"
        )
    several = engine.scalar(
        f"SELECT count(*) FROM (SELECT {other} FROM klaviyo_pairs GROUP BY {other} HAVING count(*) > 1)"
    )
    if not several:
        return []
    what = "e-mails stand for several Klaviyo ids" if key == "id" else "Klaviyo ids stand for several e-mails"
    return [f"{several:,} {what}; what names only them was given to one."]
