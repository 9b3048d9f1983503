"""Klaviyo's JSON: an array of records, pages of them, or one record a line."""

from __future__ import annotations

import re
from pathlib import Path

from discovery.core.errors import DataError
from discovery.core.sources import KlaviyoSource
from discovery.engine.duckdb import Engine
from discovery.engine.sql import literal
from discovery.ingest.contract import report
from discovery.ingest.files.dialect import in_utf8
from discovery.ingest.files.find import unpacked

_SMALLEST_BUFFER, _LARGEST_PAGE = 16 << 20, 1 << 30


def load_records(engine: Engine, source: KlaviyoSource, path: Path, scratch: Path) -> int:
    """Add the file's records to ``klaviyo_records`` (file, row, kind, included, record) and return their number.

    ``row`` counts records from 1. Metrics, and profiles that only came along with events (``included``), are no rows
    of their own.

    Raises
    ------
    DataError
        If the file is no JSON, or holds neither profiles nor events nor metrics.
    """
    name = literal(path.name)
    plain = in_utf8(unpacked(path, source, scratch), scratch)
    size = min(max(plain.stat().st_size, _SMALLEST_BUFFER), _LARGEST_PAGE)
    kind = (
        "coalesce(json_extract_string(record, '/type'), CASE "
        "WHEN json_type(record, '/attributes/event_properties') IS NOT NULL "
        "OR json_type(record, '/attributes/metric') IS NOT NULL THEN 'event' "
        "WHEN json_type(record, '/attributes/email') IS NOT NULL "
        "OR json_type(record, '/attributes/phone_number') IS NOT NULL THEN 'profile' END)"
    )
    engine.run(
        "CREATE TABLE IF NOT EXISTS klaviyo_records "
        '(file VARCHAR, "row" BIGINT, kind VARCHAR, included BOOLEAN, record JSON)'
    )
    try:
        engine.run(
            "CREATE OR REPLACE TEMP TABLE klaviyo_pages AS SELECT row_number() OVER () AS page, json "
            f"FROM read_json_objects({literal(str(plain))}, maximum_object_size = {size})"
        )
        engine.run(
            f"INSERT INTO klaviyo_records SELECT {name}, row_number() OVER (ORDER BY included, page, place), {kind}, "
            "included, record FROM ("
            f"SELECT page, FALSE AS included, {_unnested(_items('/data'))} FROM klaviyo_pages UNION ALL "
            f"SELECT page, TRUE AS included, {_unnested(_list('/included'))} FROM klaviyo_pages)"
        )
        engine.run("DROP TABLE klaviyo_pages")
    except Exception as error:
        raise DataError(f"{path.name} cannot be read as JSON: {_why(str(error))}") from error
    known = "kind IN ('profile', 'event', 'metric')"
    shown = engine.scalar(f"SELECT count(*) FROM klaviyo_records WHERE file = {name} AND {known}")
    read = engine.scalar(f"SELECT count(*) FROM klaviyo_records WHERE file = {name} AND NOT included")
    if read and not shown:
        raise DataError(
            f"{path.name} is no file that can be read here: expected profiles, events or metrics as Klaviyo's API "
            'gives them ({"type": "profile", "attributes": ...}; an array, pages with "data", or one a line).'
        )
    own = f"file = {name} AND NOT included"
    report(engine, "klaviyo_records", "type", "unknown_record", f"{own} AND ({known}) IS NOT TRUE", "kind")
    return int(engine.scalar(f"SELECT count(*) FROM klaviyo_records WHERE {own} AND kind IS DISTINCT FROM 'metric'"))


def has_records(engine: Engine) -> bool:
    """Whether any JSON was read."""
    return bool(engine.scalar("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'klaviyo_records'"))


def _items(where: str) -> str:
    return (
        f"CASE WHEN json_type(json, '{where}') = 'ARRAY' THEN CAST(json_extract(json, '{where}') AS JSON[]) "
        f"WHEN json_type(json, '{where}') = 'OBJECT' THEN [json_extract(json, '{where}')] ELSE [json] END"
    )


def _list(where: str) -> str:
    return f"CASE WHEN json_type(json, '{where}') = 'ARRAY' THEN CAST(json_extract(json, '{where}') AS JSON[]) END"


def _unnested(items: str) -> str:
    return f"unnest({items}) AS record, generate_subscripts({items}, 1) AS place"


def _why(message: str) -> str:
    """Say what is wrong without showing a line of the file, which may hold an address."""
    where = re.search(r"at byte \d+ in (line|record/value) \d+", message)
    if where:
        return f"it is malformed {where.group()}. Download it again."
    return f"{message.splitlines()[0][:120]}. Download it again."
