"""Events: one row for each thing that happened."""

from __future__ import annotations

from collections.abc import Sequence

from discovery.core.dataset import EVENT_COLUMNS
from discovery.core.sources import TablePart, TableSource
from discovery.engine.sql import identifier, literal
from discovery.ingest.table.columns import Fault, Typed, number_faults, time_faults
from discovery.ingest.table.rows import in_currency


def event_faults(columns: Sequence[str]) -> tuple[Fault, ...]:
    """Return what makes a row of events unusable."""
    numbers = number_faults([c for c in ("value", "quantity", "discount") if c in columns], ())
    machine = (Fault("bad_boolean", "machine", "machine_text IS NOT NULL"),) if "machine" in columns else ()
    return (
        Fault("missing_customer", "customer_id", "customer_id IS NULL"),
        Fault("missing_event_name", "event", "event IS NULL"),
        *time_faults(),
        *numbers,
        *machine,
    )


def events(typed: Typed, good: str, part: TablePart, source: TableSource) -> str:
    """Return the events of a table of events, named as ``event_names`` says; other names are kept as they are.

    An ``event_id`` that stands twice is one event: the contract removes and counts the others.
    """
    cases = " ".join(f"WHEN {literal(theirs)} THEN {literal(ours)}" for theirs, ours in part.event_names.items())
    out = []
    for column in EVENT_COLUMNS:
        if column not in typed.columns:
            continue
        name = identifier(column)
        if column == "event" and cases:
            out.append(f"CASE event {cases} ELSE event END AS event")
        elif column in ("value", "discount"):
            out.append(f"{in_currency(column, typed.columns, source)} AS {name}")
        else:
            out.append(name)
    return f'SELECT {", ".join(out)}, file, "row" FROM {good}'
