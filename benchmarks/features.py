"""What features at a date cost: the whole vocabulary and a plain subset of it, beside the floor, Polars and pandas.

Run ``python -m benchmarks.features`` from the checkout; it prints Markdown. ``--events 5`` leaves out the big store
(50 M events, about 10 minutes, 8 GB for pandas). Polars is measured where it is installed: ``pip install polars``. For
the RFM summary of lifetimes, which current pandas breaks, ``LIFETIMES_PYTHON`` names the Python of an environment made
with ``pip install lifetimes "pandas<2" pyarrow``.

Every row is a process of its own; what starting Python and importing the tool takes is measured too and taken off its
CPU seconds. The floor reads every column that the vocabulary reads and takes one maximum of each per customer.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Cost, cost_of, discovery

if TYPE_CHECKING:
    from discovery.core.dataset import Dataset

ROOT = Path(__file__).parents[1]
AS_OF = date(2025, 10, 1)
#: Of the simulated store: customers that make a million events.
CUSTOMERS_PER_MILLION = 17_400
DAY = 86_400_000_000
END = (AS_OF - date(1970, 1, 1)).days * DAY

COLUMNS = ("event", "at", "value", "product_id", "category", "brand", "quantity", "discount", "machine", "cancelled_at")
#: Counts of events: name, event, days back (0: all).
COUNTS = (
    ("orders", "placed_order", 0), ("orders_30d", "placed_order", 30), ("orders_60d", "placed_order", 60),
    ("orders_90d", "placed_order", 90), ("orders_180d", "placed_order", 180), ("orders_365d", "placed_order", 365),
    ("emails_received", "received_email", 0), ("emails_received_90d", "received_email", 90),
    ("sms_received_90d", "received_sms", 90), ("spam_complaints", "marked_spam", 0),
    ("product_views_30d", "viewed_product", 30), ("product_views_90d", "viewed_product", 90),
    ("site_visits_90d", "active_on_site", 90), ("searches_90d", "submitted_search", 90),
    ("carts_30d", "added_to_cart", 30), ("checkouts_30d", "started_checkout", 30), ("reviews", "submitted_review", 0),
    ("refunded_orders", "refunded_order", 0),
)  # fmt: skip
#: Sums over orders: name, column, days back (0: all).
SUMS = (
    ("revenue", "value", 0), ("revenue_30d", "value", 30), ("revenue_90d", "value", 90),
    ("revenue_180d", "value", 180), ("revenue_365d", "value", 365), ("units", "quantity", 0),
)  # fmt: skip
#: Days since the last event of a kind.
SINCE = (("days_since_last_order", "placed_order"), ("days_since_subscribed", "subscribed"))
#: From the first order, and the order of most value.
OTHERS = ("days_since_first_order", "largest_order")
SUBSET = (*(c[0] for c in COUNTS), *(s[0] for s in SUMS), *(s[0] for s in SINCE), *OTHERS)
READ = ("customer_key", "event", "at", "value", "quantity", "cancelled_at")
#: A Python that has lifetimes, or nothing.
PEER = os.environ.get("LIFETIMES_PYTHON", "")


def floor(folder: Path, go: bool) -> None:
    """Read the columns that the vocabulary reads, and group once."""
    from discovery.engine.duckdb import Engine

    with Engine() as engine:
        if go:
            most = ", ".join(f'max("{column}") AS "{column}"' for column in COLUMNS)
            engine.frame(f"SELECT customer_key, {most} FROM {engine.table(folder / 'events.parquet')} GROUP BY 1")


def _dataset(folder: Path) -> Dataset:
    from discovery.core.dataset import Dataset

    stated = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    known = {k: stated[k] for k in ("currency", "fingerprint", "customers", "events", "first_at", "last_at")}
    return Dataset(folder, **known, events_by_name=stated["events_by_name"])


def _ours(folder: Path, go: bool, names: Callable[[], tuple[str, ...]]) -> None:
    from discovery.engine.duckdb import Engine
    from discovery.usecases.measuring import measure

    dataset = _dataset(folder)
    with Engine() as engine:
        if go:
            print(len(measure(engine, dataset, AS_OF, names()).table.values))


def vocabulary(folder: Path, go: bool) -> None:
    """Measure everything but what the lifetime models predict."""
    from discovery.features.catalogue import CATALOGUE

    _ours(folder, go, lambda: tuple(f.name for f in CATALOGUE if f.aggregate != "predicted"))


def predicted(folder: Path, go: bool) -> None:
    """Measure everything."""
    _ours(folder, go, tuple)


def subset(folder: Path, go: bool) -> None:
    """Measure the plain features that the peers measure too."""
    _ours(folder, go, lambda: SUBSET)


def polars(folder: Path, go: bool) -> None:
    """Measure the plain features with Polars, streaming."""
    import polars as pl

    if not go:
        return
    col = pl.col
    rows = pl.scan_parquet(folder / "events.parquet").select(READ)
    rows = rows.filter((col("at") < END) & (col("cancelled_at").is_null() | (col("cancelled_at") >= END)))
    rows = rows.filter((col("event") != "placed_order") | (col("value") > 0))
    rows = rows.filter(col("event").is_in([*{c[1] for c in COUNTS}, *(s[1] for s in SINCE)]))

    def kept(event: str, days: int) -> pl.Expr:
        chosen = col("event") == event
        return chosen & (col("at") >= END - days * DAY) if days else chosen

    def of(expr: pl.Expr, event: str, days: int = 0) -> pl.Expr:
        return pl.when(kept(event, days)).then(expr)

    measures = [kept(event, days).sum().alias(name) for name, event, days in COUNTS]
    measures += [of(col(column), "placed_order", days).sum().alias(name) for name, column, days in SUMS]
    measures += [(END // DAY - of(col("at") // DAY, event).max()).alias(name) for name, event in SINCE]
    measures.append((END // DAY - of(col("at") // DAY, "placed_order").min()).alias(OTHERS[0]))
    measures.append(of(col("value"), "placed_order").max().alias(OTHERS[1]))
    people = pl.scan_parquet(folder / "profiles.parquet").select("customer_key", "customer_id")
    values = people.join(rows.group_by("customer_key").agg(measures), on="customer_key").sort("customer_id")
    print(len(values.collect(engine="streaming").to_pandas()))


def pandas(folder: Path, go: bool) -> None:
    """Measure the plain features with pandas, filtering before each group-by."""
    import pandas as pd
    import pyarrow.parquet

    if not go:
        return
    table = pyarrow.parquet.read_table(folder / "events.parquet", columns=list(READ), read_dictionary=["event"])
    for place, name in enumerate(table.schema.names):
        if name == "value":  # exact decimals would be Python objects: slower still
            table = table.set_column(place, name, table[name].cast("float64"))
    rows = table.to_pandas()
    rows = rows[(rows["at"] < END) & ~(rows["cancelled_at"] < END)]
    by_event = dict(tuple(rows.groupby("event", observed=True)))
    orders = by_event["placed_order"]
    by_event["placed_order"] = orders[orders["value"] > 0]

    def kept(event: str, days: int) -> Any:
        each = by_event[event]
        return (each[each["at"] >= END - days * DAY] if days else each).groupby("customer_key", sort=False)

    out = {name: kept(event, days).size() for name, event, days in COUNTS}
    out |= {name: kept("placed_order", days)[column].sum() for name, column, days in SUMS}
    out |= {name: END // DAY - kept(event, 0)["at"].max() // DAY for name, event in SINCE}
    out[OTHERS[0]] = END // DAY - kept("placed_order", 0)["at"].min() // DAY
    out[OTHERS[1]] = kept("placed_order", 0)["value"].max()
    people = pd.read_parquet(folder / "profiles.parquet", columns=["customer_key", "customer_id"])
    values = people.set_index("customer_key").join(pd.DataFrame(out), how="inner")
    print(len(values.fillna(dict.fromkeys([*(c[0] for c in COUNTS), *(s[0] for s in SUMS)], 0))))


def summary(folder: Path, go: bool) -> None:
    """Summarise the orders of every customer, as the lifetime models need them."""
    from discovery.engine.duckdb import Engine
    from discovery.features.lifetime import extract_history

    dataset = _dataset(folder)
    with Engine() as engine:
        if go:
            print(len(extract_history(engine, dataset, AS_OF)))


def lifetimes(folder: Path, go: bool) -> None:
    """Summarise the orders of every customer with lifetimes."""
    import pandas as pd
    import pyarrow.parquet
    from lifetimes.utils import summary_data_from_transaction_data

    if not go:
        return
    orders = [("event", "==", "placed_order"), ("at", "<", END)]
    columns = ["customer_key", "at", "value", "cancelled_at"]
    table = pyarrow.parquet.read_table(folder / "events.parquet", columns=columns, filters=orders)
    rows = table.set_column(2, "value", table["value"].cast("float64")).to_pandas()
    rows = rows[(rows["value"] > 0) & ~(rows["cancelled_at"] < END)]
    rows["day"] = pd.to_datetime(rows["at"], unit="us")
    last = pd.Timestamp(AS_OF) - pd.Timedelta(days=1)
    print(len(summary_data_from_transaction_data(rows, "customer_key", "day", "value", observation_period_end=last)))


#: Row of the table, its work, and the row of ours that does the same.
WORK: dict[str, tuple[str, Callable[[Path, bool], None], str]] = {
    "floor": ("floor: one reading of the same columns, one group-by", floor, ""),
    "vocabulary": ("the whole vocabulary without predictions", vocabulary, ""),
    "predicted": ("the whole vocabulary", predicted, ""),
    "subset": (f"{len(SUBSET)} plain features: ours", subset, "subset"),
    "polars": (f"{len(SUBSET)} plain features: Polars, streaming", polars, "subset"),
    "pandas": (f"{len(SUBSET)} plain features: pandas", pandas, "subset"),
    "summary": ("summary of orders for lifetime models: ours", summary, "summary"),
    "lifetimes": ("summary of orders for lifetime models: lifetimes", lifetimes, "summary"),
}
#: Why a row cannot be measured here.
MISSING = {
    "polars": "" if importlib.util.find_spec("polars") else "not installed (pip install polars)",
    "lifetimes": "" if PEER else "not measured (LIFETIMES_PYTHON is not set)",
}


def prepared(millions: int, folder: Path) -> Path:
    """Return the dataset folder of a simulated store of so many million events."""
    store, workspace, config = folder / "store", folder / "workspace", folder / "store.yaml"
    folder.mkdir()
    cost_of(discovery("simulate", str(store), "--customers", str(millions * CUSTOMERS_PER_MILLION)), ROOT)
    config.write_text(f"source: {{kind: canonical, path: {json.dumps(str(store))}}}\nas_of: {AS_OF}\n")
    cost_of(discovery("ingest", str(config), "--workspace", str(workspace)), ROOT)
    return workspace / "dataset"


def measured(name: str, folder: Path, runs: int) -> Cost:
    """Return the median of what a row's work took, the start of Python and imports taken off the seconds."""
    python = PEER if name == "lifetimes" else sys.executable
    command = [python, "-m", "benchmarks.features", "--work", name, str(folder)]

    def median(words: list[str]) -> Cost:
        costs = [cost_of([*command, *words], ROOT) for _ in range(runs)]
        return Cost(*(statistics.median(getattr(c, part) for c in costs) for part in ("cpu", "wall", "memory")))

    start, whole = median(["--idle"]), median([])
    return replace(whole, cpu=max(whole.cpu - start.cpu, 0.0), wall=max(whole.wall - start.wall, 0.0))


def table(millions: int, folder: Path, runs: int) -> str:
    """Return the table of one store, as Markdown."""
    stated = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    lines = [
        f"{stated['events'] / 1e6:.1f} M events of {stated['customers']:,} customers"
        + (f", medians of {runs} runs" if runs > 1 else ", one run"),
        "",
        "| work | CPU, of the floor's | CPU, of ours on the same | CPU s | peak memory MB | wall s |",
        "|---|---|---|---|---|---|",
    ]
    costs: dict[str, Cost] = {}
    for name, (label, _, ours) in WORK.items():
        if MISSING.get(name):
            lines.append(f"| {label}: {MISSING[name]} | | | | | |")
            continue
        cost = costs[name] = measured(name, folder, runs)
        beside = f"{cost.cpu / costs[ours].cpu:.1f} x" if ours else ""
        lines.append(
            f"| {label} | {cost.cpu / costs['floor'].cpu:.1f} x | {beside} | {cost.cpu:.1f} | {cost.memory:,.0f} | "
            f"{cost.wall:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the tables, or do the work of one row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, nargs="+", default=[5, 50], help="millions of events")
    parser.add_argument("--work", nargs=2, metavar=("ROW", "FOLDER"), help="do the work of one row over a dataset")
    parser.add_argument("--idle", action="store_true", help="with --work: just start")
    chosen = parser.parse_args()
    if chosen.work:
        WORK[chosen.work[0]][1](Path(chosen.work[1]), not chosen.idle)
        return
    for place, millions in enumerate(chosen.events):
        with tempfile.TemporaryDirectory(prefix="segment-discovery-") as scratch:
            print(
                "\n" * bool(place) + table(millions, prepared(millions, Path(scratch) / "s"), 3 if millions <= 5 else 1)
            )


if __name__ == "__main__":
    main()
