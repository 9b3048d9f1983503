"""Writes a simulated store, whole or not at all."""

from __future__ import annotations

import functools
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from discovery.core.errors import UsageError
from discovery.ingest.simulate.blocks import BLOCK, Block, draw_block
from discovery.ingest.simulate.seasons import END_DAY, FIRST_DAY, Floats
from discovery.ingest.simulate.tables import event_table, profile_table, truth_table
from discovery.ingest.simulate.truth import TALLY_SHAPE, truth

SCHEMA_VERSION = 1
MAX_CUSTOMERS = 9_999_999  # ids have seven digits
_BLOCKS_PER_GROUP = 10  # about half a million events: one row group, and all that is held in memory at once
_STORE, _TRUTH = "store.json", "truth.json"


def simulate(
    out: str | Path,
    customers: int,
    seed: int,
    *,
    types: bool = True,
    progress: Callable[[float], None] | None = None,
) -> Path:
    """Return the folder `out`, now holding a simulated online store in canonical form, with its truth beside it.

    Two years of history up to 2026-01-01: orders with their lines, refunds and cancellations, visits, messages,
    and ten campaigns in 2025, each with a randomised control group. The same arguments write the same bytes, and
    a customer is the same in a store of any size.

    Parameters
    ----------
    out : str or Path
        Folder to write. It must not exist, be empty, or hold an earlier simulated store, which is then replaced.
    customers : int
        From 1 to 9,999,999. A million take about 50 million events.
    seed : int
        0 or more: the only source of chance.
    types : bool
        Plant seven overlapping types of customers; without them, customers differ smoothly, with the same means,
        variances and correlations, and there is nothing to be found.
    progress : callable, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    Path
        The folder, which holds ``profiles.parquet``, ``events.parquet``, ``store.json``, ``truth.parquet`` (type and
        latent values of each customer) and ``truth.json`` (the types, and what each campaign did to them).

    Raises
    ------
    UsageError
        If `customers` or `seed` is out of range, or `out` holds anything else.

    Notes
    -----
    An order's value is the sum of its lines, each list price times quantity less its part of the discount.
    Shipping and taxes are left out. Refunds are negative; cancelled and fulfilled orders carry no value.

    Examples
    --------
    >>> import discovery
    >>> made = discovery.simulate("small", customers=20, seed=7)
    >>> sorted(file.name for file in made.iterdir())
    ['events.parquet', 'profiles.parquet', 'store.json', 'truth.json', 'truth.parquet']
    """
    out = Path(out)
    _check(out, customers, seed)
    whole = out.absolute()
    partial = whole.with_name(f".{whole.name}.partial-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        tally = _write_tables(partial, customers, seed, types, progress)
        _write_json(partial / _TRUTH, truth(tally, types, customers, seed))
        store = {
            "schema_version": SCHEMA_VERSION,
            "currency": "USD",
            "customers": customers,
            "seed": seed,
            "first_day": FIRST_DAY.isoformat(),
            "last_day": (END_DAY - timedelta(days=1)).isoformat(),
        }
        _write_json(partial / _STORE, store)
        _put_in_place(partial, whole)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return out


def _check(out: Path, customers: int, seed: int) -> None:
    if not 1 <= customers <= MAX_CUSTOMERS:
        raise UsageError(f"customers must be from 1 to {MAX_CUSTOMERS:,}, got {customers:,}.")
    if seed < 0:
        raise UsageError(f"seed must be 0 or more, got {seed}.")
    if out.is_dir():
        if any(out.iterdir()) and not ((out / _STORE).is_file() and (out / _TRUTH).is_file()):
            raise UsageError(f"{out} must be empty or hold a simulated store, got other files. Name another folder.")
    elif out.exists():
        raise UsageError(f"{out} must be a folder, got a file. Name another folder.")


def _write_tables(
    folder: Path, customers: int, seed: int, types: bool, progress: Callable[[float], None] | None
) -> Floats:
    """Write the three tables, some blocks at a time, and return what the campaigns did."""
    tally = np.zeros(TALLY_SHAPE)
    tables: dict[str, Callable[[Sequence[Block], int], pa.Table]] = {
        "profiles": profile_table,
        "events": event_table,
        "truth": functools.partial(truth_table, types=types),
    }
    writers: dict[str, Any] = {}
    with ExitStack() as open_files:
        for first in range(0, customers, BLOCK * _BLOCKS_PER_GROUP):
            last = min(first + BLOCK * _BLOCKS_PER_GROUP, customers)
            blocks = [_block(seed, start, last, types) for start in range(first, last, BLOCK)]
            tally += sum(b.tally for b in blocks)
            for name, build in tables.items():
                table = build(blocks, first)
                if name not in writers:
                    writers[name] = open_files.enter_context(_writer(folder / f"{name}.parquet", table.schema))
                writers[name].write_table(table, row_group_size=max(table.num_rows, 1))
            if progress is not None:
                progress(last / customers)
    return tally


def _block(seed: int, start: int, end: int, types: bool) -> Block:
    return draw_block(seed, start // BLOCK, min(BLOCK, end - start), types)


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Return a writer of plain Parquet types: readers see texts, not Arrow dictionaries."""
    texts = [f.name for f in schema if pa.types.is_dictionary(f.type)]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=1,
        use_dictionary=texts,
        column_encoding={f.name: "DELTA_BINARY_PACKED" for f in schema if pa.types.is_timestamp(f.type)},
        write_statistics=[n for n in ("customer_id", "event", "at", "created_at") if n in schema.names],
        store_schema=False,
        store_decimal_as_integer=True,
    )


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _put_in_place(partial: Path, out: Path) -> None:
    """Rename, with an earlier store moved aside first, so that no reader ever sees half a store."""
    aside = partial.with_name(partial.name + "-old")
    if out.exists():
        out.rename(aside)
    partial.rename(out)
    shutil.rmtree(aside, ignore_errors=True)
