"""A folder that already holds the canonical tables."""

from __future__ import annotations

import json
from pathlib import Path

from discovery.core.dataset import EVENT_COLUMNS, PROFILE_COLUMNS
from discovery.core.errors import DataError
from discovery.core.progress import Progress
from discovery.core.sources import CanonicalSource
from discovery.engine.duckdb import Engine, parquet
from discovery.engine.sql import identifier, literal
from discovery.ingest.contract import Arrival, start_problems
from discovery.ingest.files import reading


def read_canonical(engine: Engine, source: CanonicalSource, path: Path, progress: Progress) -> Arrival:
    """Leave the folder's tables in the engine as the contract wants them.

    ``at`` and ``created_at`` may be timestamps or microseconds since the epoch; the other columns are cast to their
    canonical type. Columns the vocabulary does not know are left out and named in a note.

    Raises
    ------
    DataError
        If a file or a required column is missing, or a value does not fit its column.
    """
    progress("Reading the store", 0.0)
    for name in ("profiles.parquet", "events.parquet"):
        if not (path / name).is_file():
            raise DataError(f"A canonical folder must hold {name}; {str(path)!r} does not. Set source.path.")
    start_problems(engine)
    notes = []
    for table, columns, required in (
        ("profiles", PROFILE_COLUMNS, ("customer_id",)),
        ("events", EVENT_COLUMNS, ("customer_id", "event", "at")),
    ):
        file = path / f"{table}.parquet"
        with reading(file.name):
            types = engine.columns(parquet(file))
        missing = [c for c in required if c not in types]
        if missing:
            raise DataError(f"{file.name} must have the columns {', '.join(required)}; missing: {', '.join(missing)}.")
        kept = [c for c in types if c in columns or (table == "profiles" and c.startswith("property."))]
        unknown = [c for c in types if c not in kept]
        if unknown:
            notes.append(f"{file.name}: columns without a meaning here were left out: {', '.join(sorted(unknown))}.")
        chosen = ", ".join(f"{_cast(c, types[c], columns.get(c))} AS {identifier(c)}" for c in kept)
        # Where every column is in its type already, or an instant, nothing can fail later and nothing needs a copy.
        sound = all(types[c] == columns.get(c, types[c]) or types[c].startswith("TIMESTAMP") for c in kept)
        with reading(file.name):
            engine.run(
                f"CREATE OR REPLACE {'VIEW' if sound else 'TABLE'} {table}_in AS SELECT {chosen}, "
                f'{literal(file.name)} AS file, file_row_number + 1 AS "row" '
                f"FROM read_parquet({literal(str(file))}, file_row_number = true)"
            )
        progress("Reading the store", 0.5)
    rows = int(engine.scalar("SELECT (SELECT count(*) FROM profiles_in) + (SELECT count(*) FROM events_in)"))
    progress("Reading the store", 1.0)
    return Arrival(source.currency or _stated_currency(path), rows, tuple(notes))


def _cast(column: str, kind: str, wanted: str | None) -> str:
    name = identifier(column)
    if wanted is None:
        return name
    if column in ("at", "created_at") and kind != "BIGINT":
        return f"epoch_us(CAST({name} AS TIMESTAMPTZ))" if "ZONE" in kind else f"epoch_us(CAST({name} AS TIMESTAMP))"
    return f"CAST({name} AS {wanted})"


def _stated_currency(path: Path) -> str:
    store = path / "store.json"
    if not store.is_file():
        return ""
    try:
        stated = json.loads(store.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"store.json is not readable as JSON: {error}. Mend it, or take it away.") from error
    return str(stated.get("currency", "")) if isinstance(stated, dict) else ""
