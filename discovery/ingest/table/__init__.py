"""Orders, order lines, events or customers from text, Parquet or XLSX files, with a mapping of columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from discovery.core.errors import SettingError
from discovery.core.progress import Progress
from discovery.core.sources import TablePart, TableSource
from discovery.engine.duckdb import Engine
from discovery.ingest.contract import Arrival, start_problems
from discovery.ingest.table.columns import Fault, check_dates, type_part
from discovery.ingest.table.customers import customer_faults, customers, profiles_of_rows, unite
from discovery.ingest.table.dates import check_zone
from discovery.ingest.table.events import event_faults, events
from discovery.ingest.table.open import mapping_of, open_part
from discovery.ingest.table.orders import line_faults, order_faults, order_lines, orders
from discovery.ingest.table.rows import currency_faults, usable_rows

_STEP = "Reading the files"


def read_table(engine: Engine, source: TableSource, path: Path, scratch: Path, progress: Progress) -> Arrival:
    """Leave what the tables hold in the engine as the contract wants it, every fault reported.

    Each part goes the same way: its files become one view (``files``), its columns ours (``table_columns``), rows that
    repeat are left out (``table_rows``), and its shape says what events and profiles they are. What is needed
    more than once lies in the scratch folder, and ``events_in`` is a view of it: nothing large is held in memory.

    Parameters
    ----------
    engine : Engine
        Does the work.
    source : TableSource
        One table, or several in ``tables``.
    path : Path
        Of the table, or of the folder that the tables' paths start from.
    scratch : Path
        Folder that lasts until the dataset is written.
    progress : callable
        Told where the work stands.

    Raises
    ------
    SettingError
        If the mapping names something unknown or leaves out what is needed.
    DataError
        If a file cannot be read, lacks a mapped column, or its dates, numbers or currency cannot be told.
    """
    start_problems(engine)
    check_zone(source.timezone)
    if source.tables and (source.columns or source.constants):
        raise SettingError("source.tables each have their own columns: move source.columns into one of them.")
    parts: Sequence[TablePart] = source.tables or (source,)
    for part in parts:
        mapping_of(part)
    rows, notes = 0, []
    happened: list[str] = []
    stated: list[str] = []
    seen: list[str] = []
    for number, part in enumerate(parts):
        progress(_STEP, number / len(parts))
        where = path / part.path if source.tables else path
        read, made, profiles, told = _read_part(engine, part, source, where, scratch, str(number))
        rows += read
        notes += told
        if made:
            happened.append(made)
            seen.append(profiles)
        else:
            stated.append(profiles)
    if happened:
        engine.run(f"CREATE OR REPLACE VIEW events_in AS {' UNION ALL BY NAME '.join(f'({e})' for e in happened)}")
    else:
        nothing = 'customer_id VARCHAR, event VARCHAR, "at" BIGINT, file VARCHAR, "row" BIGINT'
        engine.run(f"CREATE OR REPLACE TABLE events_in ({nothing})")
    # What a table of customers says of them holds before what an order or an event mentions.
    unite(engine, [*stated, *seen])
    progress(_STEP, 1.0)
    return Arrival(source.currency, rows, tuple(dict.fromkeys(notes)))


def _read_part(
    engine: Engine, part: TablePart, source: TableSource, path: Path, scratch: Path, name: str
) -> tuple[int, str, str, list[str]]:
    """Return the rows read, the SQL of events (none for customers) and of profiles, and the notes."""
    mapping = mapping_of(part)
    opened = open_part(engine, part, source, path, scratch, name)
    faults: tuple[Fault, ...]
    match part.shape:
        case "order_lines":
            faults = line_faults(tuple(mapping), part)
        case "orders":
            faults = order_faults(tuple(mapping), part)
        case "events":
            faults = event_faults(tuple(mapping))
        case "customers":
            faults = customer_faults()
    if "currency" in mapping:
        faults += currency_faults(engine, opened.view, mapping["currency"], source)
    typed = type_part(engine, part, source, opened, faults, scratch, name)
    if "at" in mapping:
        check_dates(engine, typed, part)
    good, notes = usable_rows(engine, typed, part, source, name)
    made = ""
    match part.shape:
        case "order_lines":
            made, more = order_lines(engine, typed, good, part, source, scratch, name)
            notes += more
        case "orders":
            made = orders(engine, typed, good, part, source, name)
        case "events":
            made = events(typed, good, part, source)
        case "customers":
            profiles, more = customers(engine, typed, good)
            return opened.rows, "", profiles, notes + more
    return opened.rows, made, profiles_of_rows(typed, good), notes
