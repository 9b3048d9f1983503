"""What lifetime models cost and how near they come: CDNOW beside its published numbers, and a simulated million.

Run ``python benchmarks/lifetime.py`` from the checkout; it prints Markdown. CDNOW is looked for in ``../shared/data``
(another folder: ``--data``); without it only the simulation is measured. ``--customers 100000`` makes that one smaller.

No other library stands beside it, because none could be installed next to this project: lifetimes is archived and
breaks on current pandas, btyd does not import, and pymc-marketing is a 789 MB environment whose default fit is
Bayesian, not the published maximum likelihood.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.features.lifetime import History, LifetimeSettings, fit, fit_value, history_from_orders, predict
from discovery.features.lifetime.backtest import backtest
from discovery.features.lifetime.history import compress

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
EPOCH = date(1970, 1, 1)
WEEK = 7.0
#: First day after the 39 weeks of calibration, and after the 39 weeks held out.
CALIBRATED, HELD_OUT = date(1997, 10, 1), date(1998, 7, 1)

#: Fader, Hardie and Lee 2005, times in weeks; the last number is the log likelihood.
PUBLISHED = {
    "bg_nbd": {"r": "0.243", "alpha": "4.414", "a": "0.793", "b": "2.426", "log likelihood": "-9582.4"},
    "pareto_nbd": {"r": "0.553", "alpha": "10.578", "s": "0.606", "beta": "11.669", "log likelihood": "-9595.0"},
    "gamma_gamma": {"p": "6.25", "q": "3.74", "v": "15.44", "n": "946"},
}
#: Measured before this project, on the held-out 39 weeks: MAE, RMSE, bias, and the churn AUC of the models tried.
PUBLISHED_HOLDOUT = {
    "pareto_nbd": (".755", "1.603", "-12 %", ".757-.771"),
    "past count repeated": (".897", "1.971", "", ""),
}


@dataclass(frozen=True, eq=False)
class Truth:
    """Simulated customers: what is seen of them, and each one's true rate and moment of leaving (days since first)."""

    history: History
    rate: NDArray[np.float64]
    left: NDArray[np.float64]


def cdnow(folder: Path) -> Callable[[date], History]:
    """Return the history of CDNOW's published one-tenth sample at a date; also orders of no value count, as there."""
    names = ["master_id", "sample_id", "date", "cds", "spend"]
    orders = pd.read_csv(folder / "cdnow" / "CDNOW_sample.txt", sep=r"\s+", header=None, names=names)
    day = (pd.to_datetime(orders["date"].astype(str)) - pd.Timestamp(EPOCH)).dt.days
    return lambda as_of: history_from_orders(orders["sample_id"], day, orders["spend"], (as_of - EPOCH).days)


def simulate(
    customers: int,
    params: tuple[float, float, float, float] = (0.55, 74.0, 0.61, 82.0),
    days: int = 730,
    whole_days: bool = False,
    seed: int = 7,
) -> Truth:
    """Return customers who order and leave as Pareto/NBD says, the first time uniformly within `days`.

    Parameters
    ----------
    customers, days : int
        How many, and how long the store has been watched.
    params : (4,) floats
        r, alpha, s, beta; times in days. The default is CDNOW's.
    whole_days : bool
        Round to days and count a day once, as a store's export does.
    seed : int
        The only source of chance.
    """
    chance = np.random.default_rng(seed)
    r, alpha, s, beta = params
    age = chance.uniform(0, days, customers)
    rate = chance.gamma(r, 1 / alpha, customers)
    left = chance.exponential(1 / chance.gamma(s, 1 / beta, customers))
    seen = np.minimum(age, left)
    x = chance.poisson(rate * seen)
    # The last of x times that are uniform on (0, seen).
    tx = np.where(x > 0, seen * chance.random(customers) ** (1 / np.maximum(x, 1)), 0.0)
    if whole_days:
        age, tx = np.floor(age), np.floor(tx)
        # Two orders on a day are one; x of them fall on this many of the tx days.
        distinct = 1 + np.rint((tx - 1) * -np.expm1((x - 1) * np.log1p(-1 / np.maximum(tx, 2))))
        x = np.where(tx > 0, np.clip(distinct, 1, tx), 0).astype(np.int64)
    mean = chance.gamma(6.25 * np.maximum(x, 1)) / np.maximum(x, 1) / chance.gamma(3.74, 1 / 15.44, customers)
    history = History(np.arange(customers), x, tx, age, np.where(x > 0, mean, np.nan), mean * (x + 1))
    return Truth(history, rate, left)


def main(arguments: Iterable[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--customers", type=int, default=1_000_000)
    chosen = parser.parse_args(None if arguments is None else list(arguments))
    if (chosen.data / "cdnow").is_dir():
        agreement(cdnow(chosen.data))
    else:
        print(f"CDNOW is not in {chosen.data}: only the simulation is measured.\n", file=sys.stderr)
    speed(chosen.customers)


def agreement(history_at: Callable[[date], History]) -> None:
    """Print the parameters and the hold-out of CDNOW beside the published ones."""
    history = history_at(CALIBRATED)
    print("CDNOW sample, 39 weeks, times in weeks\n\n| model | number | published | here |\n|---|---|---|---|")
    for model in ("pareto_nbd", "mbg_nbd", "bg_nbd"):
        fitted = fit(history, model).in_units(WEEK)
        here = {**fitted.params, "log likelihood": fitted.log_likelihood}
        _rows(model, {name: f"{value:.3f}" for name, value in here.items()})
    value = fit_value(history)
    _rows("gamma_gamma", {**{name: f"{each:.3f}" for name, each in value.params.items()}, "n": str(value.n)})
    days = (HELD_OUT - CALIBRATED).days
    print("\nCDNOW sample, the 39 weeks after\n\n| forecast | MAE | RMSE | bias | top 10 % | churn AUC | published |")
    print("|---|---|---|---|---|---|---|")
    for model in ("pareto_nbd", "mbg_nbd", "bg_nbd"):
        result = backtest(history_at, HELD_OUT, days, LifetimeSettings(models=(model,)))
        shown = [result.model] if model != "bg_nbd" else [result.model, result.past_count, result.silence, result.best]
        for each in shown:
            beside = " / ".join(cell for cell in PUBLISHED_HOLDOUT.get(each.forecast, ()) if cell)
            print("| " + " | ".join((*each.cells(), beside or "-")) + " |")


def _rows(model: str, here: dict[str, str]) -> None:
    for name, value in here.items():
        print(f"| {model} | {name} | {PUBLISHED.get(model, {}).get(name, '-')} | {value} |")


def speed(customers: int) -> None:
    """Print what each step takes on simulated customers with whole days."""
    history = simulate(customers, whole_days=True).history
    print(f"\n{customers:,} simulated customers, {len(compress(history).weight):,} distinct rows, most orders "
          f"{history.frequency.max() + 1:.0f}\n\n| step | CPU s | wall s | peak MB so far | result |\n"
          "|---|---|---|---|---|")  # fmt: skip
    _timed("(data in memory)", lambda: "")
    fitted = {m: _timed(f"fit {m}", lambda m=m: fit(history, m)) for m in ("pareto_nbd", "mbg_nbd", "bg_nbd")}
    value = _timed("fit gamma_gamma", lambda: fit_value(history))
    for model in ("pareto_nbd", "mbg_nbd"):
        _timed(f"predict {model}", lambda model=model: predict(history, fitted[model], value))
    print("\nNo other library is measured: see the top of this file.")


def _timed(step: str, work: Callable[[], object]) -> object:
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    # Linux counts in kilobytes, macOS in bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    shown = ", ".join(f"{n} {v:.4g}" for n, v in getattr(result, "params", {}).items())
    shown += "" if getattr(result, "converged", True) else " (not converged)"
    print(f"| {step} | {cpu:.1f} | {wall:.1f} | {peak:,.0f} | {shown} |", flush=True)
    return result


if __name__ == "__main__":
    main()
