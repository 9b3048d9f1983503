"""Klaviyo's exports: profiles and events of one account, as CSV or in the JSON of its API."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from discovery.core.errors import DataError, SettingError, did_you_mean
from discovery.core.progress import Progress
from discovery.core.sources import KlaviyoSource
from discovery.engine.duckdb import Engine
from discovery.ingest.cells import check_zone
from discovery.ingest.contract import Arrival, start_problems
from discovery.ingest.exports import Export, open_export
from discovery.ingest.files.find import TEXTS, find_files, kind_of
from discovery.ingest.klaviyo.events import EVENT_PERSON, load_csv_events, load_json_events
from discovery.ingest.klaviyo.json import load_records
from discovery.ingest.klaviyo.people import name_customers
from discovery.ingest.klaviyo.profiles import (
    PROFILE_NAMES,
    load_csv_profiles,
    load_json_profiles,
    make_profiles,
    unused_columns,
)
from discovery.ingest.klaviyo.usable import make_events

_JSON = (".json", ".jsonl", ".ndjson")
_EVENT_NAMES = frozenset(("timestamp", "$event id", "$value", *EVENT_PERSON))
_TABLES = ("klaviyo_profiles", "klaviyo_events", "klaviyo_records", "klaviyo_metrics", "klaviyo_pairs")


def read_klaviyo(engine: Engine, source: KlaviyoSource, path: Path, scratch: Path, progress: Progress) -> Arrival:
    """Leave an account's profiles and events in the engine as the contract wants them, every unused row reported.

    The files of a folder are told apart by their header or shape:

    - a profile export (CSV): every column optional, matched by name; columns Klaviyo does not know are custom
      properties and become ``property.<name>``, typed by their values;
    - historical events (CSV): one file per metric, named by the file, ``source.metrics`` or a column ``Metric``;
    - profiles, events and metrics in the API's JSON: an array, pages ``{"data": [...]}``, or JSON Lines.

    Raises
    ------
    SettingError
        If a setting names something unknown.
    DataError
        If a file is none of these, a metric cannot be named, amounts are in several currencies, or dates cannot be
        told.
    """
    check_zone(engine, source.timezone)
    start_problems(engine)
    for table in _TABLES:
        engine.run(f"DROP TABLE IF EXISTS {table}")
    files = find_files(path, (*TEXTS, *_JSON), source)
    _check_files(source, files)
    progress("Reading Klaviyo's files", 0.0)
    rows, unused = 0, set[str]()
    for done, file in enumerate(files):
        if kind_of(file) in _JSON:
            rows += load_records(engine, source, file, scratch)
        else:
            rows += _load_csv(engine, source, file, scratch, unused)
        progress("Reading Klaviyo's files", 0.6 * (done + 1) / len(files))
    load_json_profiles(engine, source)
    load_json_events(engine, source)
    notes = name_customers(engine, source.customer_key)
    notes += make_profiles(engine)
    if unused:
        notes.append(f"Columns of the profiles that are not used: {', '.join(sorted(unused))}.")
    currency, more = make_events(engine, source)
    for table in _TABLES:
        engine.run(f"DROP TABLE IF EXISTS {table}")
    progress("Reading Klaviyo's files", 1.0)
    return Arrival(currency, rows, (*notes, *more))


def _check_files(source: KlaviyoSource, files: Sequence[Path]) -> None:
    names = [f.name for f in files]
    for file in source.metrics:
        if file not in names:
            raise SettingError(
                f"source.metrics names the file {file!r}, which is not there. {did_you_mean(file, names)}"
            )


def _load_csv(engine: Engine, source: KlaviyoSource, file: Path, scratch: Path, unused: set[str]) -> int:
    export = open_export(file, PROFILE_NAMES | _EVENT_NAMES, source, scratch)
    if _holds_events(export):
        return load_csv_events(engine, source, export)
    if export.has("$value", "$event id", "person//email", "person//id"):
        raise DataError(
            f"{file.name}: events must have the columns Timestamp and Person//Email, Person//ID or Email, got "
            f"{', '.join(export.header[:8])}. Rename the column that says when they happened, or whose they are."
        )
    if export.has("email", "email address", "klaviyo id", "phone number") and not export.has("lineitem name"):
        unused.update(unused_columns(export))
        return load_csv_profiles(engine, source, export)
    raise DataError(
        f"{file.name} is no file that can be read here: expected a profile export (with a column Email, Klaviyo ID or "
        "Phone Number) or historical events (Timestamp, and Person//Email, Person//ID or Email), got the "
        f"columns {', '.join(export.header[:8])}. Export it from Klaviyo, or move it out."
    )


def _holds_events(export: Export) -> bool:
    """Whether a file with somebody in it also says when: no profile export has a column that is just `Timestamp`."""
    return export.has("timestamp") and export.has(*EVENT_PERSON)
