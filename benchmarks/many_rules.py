"""Two hundred rules over one store, evaluated together: CPU seconds and peak memory."""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

import yaml

from benchmarks.measure import cost_of, discovery
from discovery.ingest.simulate.catalogue import CATEGORIES

ROOT = Path(__file__).parents[1]
_WINDOWS = (7, 14, 30, 45, 60, 90, 120, 180, 365)
_COUNTED = ("viewed_product", "active_on_site", "received_email", "added_to_cart")
_RULES = 200


def conditions() -> list[str]:
    """Return conditions on about 180 different measures: windows, filters, values, first and last days."""
    out = []
    for days in _WINDOWS:
        out += [f"orders(days => {days}) >= 1", f"spent(days => {days}) >= 100"]
        out += [f"events('{event}', days => {days}) >= 2" for event in _COUNTED]
        out += [f"events('{e}', days => {days}, machine <> TRUE) >= 1" for e in ("opened_email", "clicked_email")]
    for category in CATEGORIES:
        for days in (30, 90, 365):
            for event in ("viewed_product", "ordered_product", "added_to_cart"):
                out.append(f"events('{event}', days => {days}, category => '{category}') >= 1")
    for event in ("placed_order", "opened_email", "clicked_email", "started_checkout", *_COUNTED):
        out += [f"days_since('{event}') <= 60", f"days_since_first('{event}') >= 90"]
    for value in (25, 50, 75, 100, 150, 200, 300, 500):
        out += [f"orders(value >= {value}) >= 1", f"orders(days => 180, value >= {value}) >= 1"]
    return out


def rules() -> list[dict[str, str]]:
    """Return two hundred rules, each of two of the conditions."""
    chosen, rng = conditions(), random.Random(1)
    texts = [f"{chosen[n % len(chosen)]} AND NOT {rng.choice(chosen)}" for n in range(_RULES)]
    return [{"name": f"r{n}", "where": text} for n, text in enumerate(texts)]


def main(customers: list[int]) -> None:
    """Print the table for stores of so many customers."""
    print("| customers | events | rules | measures | CPU s | peak memory |\n|---|---|---|---|---|---|")
    for number in customers:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            (folder / "rules.yaml").write_text(yaml.safe_dump(rules()), encoding="utf-8")
            config = {"source": {"kind": "canonical", "path": "store"}, "as_of": "2025-10-01", "seed": 7}
            (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
            cost_of(discovery("simulate", str(folder / "store"), "--customers", str(number)), ROOT)
            cost_of(discovery("ingest", str(folder / "config.yaml"), "--workspace", str(folder / "w")), ROOT)
            dataset = (folder / "w" / "dataset" / "dataset.json").read_text(encoding="utf-8")
            events = yaml.safe_load(dataset)["events"]
            asked = ["rules", "evaluate", str(folder / "rules.yaml"), "--workspace", str(folder / "w")]
            cost = cost_of(discovery(*asked, "--as-of", "2025-10-01"), ROOT)
        measures = len(set(conditions()))
        print(f"| {number:,} | {events:,} | {_RULES} | {measures} | {cost.cpu:.1f} | {cost.memory:,.0f} MB |")


if __name__ == "__main__":
    main([int(n) for n in sys.argv[1:]] or [88_000, 870_000])
