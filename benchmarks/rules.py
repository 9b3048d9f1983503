"""What readable rules cost in fidelity: the inducer beside trees, on held-out customers.

Run ``python benchmarks/rules.py`` from the checkout; it prints Markdown. Two data sets are real and looked for in
``../shared/data`` (another folder: ``--data``); without them the synthetic one is measured alone.

Everyone is labelled by KMeans (k = 6) on Yeo-Johnson features clipped at 3 (one case: on the logarithms of recency,
orders and revenue). Rules are then induced on a random half and measured on the other. F1 is that of each segment's
own rule against everyone else, averaged over segments.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.preprocessing import PowerTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from discovery.core.rule import All, AnyOf, Between, Compare, Condition, leaves
from discovery.rules.conditions import selects
from discovery.rules.estimator import RuleInducer
from discovery.rules.fidelity import fidelity
from discovery.rules.partition import PartitionInducer

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
SEGMENTS = 6
#: The longest rules of the curve.
MOST = 8
#: Thresholds a feature offers where nobody rounds.
OBSERVED = 64
#: Features of the two shops that Klaviyo would need as a profile property (`discovery.export.targets`).
NOT_IN_KLAVIYO = ("items_per_order", "distinct_products", "weekend_share", "refund_share", "share_discounted")

DAYS = (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 75, 90, 100, 120, 150, 180, 210, 240, 270, 300, 330, 365, 395, 425,
        450, 500, 545, 600, 640, 730)  # fmt: skip
COUNTS = (*range(11), 12, 15, 20, 25, 30, 35, 40, 50, 60, 75, 80, 100, 120, 150, 200, 250, 300, 400, 500)
MONEY = (0, 1, 2, 5, 10, 15, 20, 25, 30, 35, 40, 50, 60, 70, 75, 80, 90, 100, 120, 125, 150, 175, 200, 225, 250, 300,
         350, 400, 450, 500, 600, 700, 750, 800, 900, 1000, 1200, 1250, 1500, 1750, 2000, 2500, 3000, 4000, 5000,
         7500, 10_000, 20_000)  # fmt: skip
SHARES = tuple(i / 20 for i in range(21))
#: A team that thinks in few numbers; here it matters how rounding is done.
COARSE: dict[tuple[float, ...], tuple[float, ...]] = {
    DAYS: (30, 90, 180, 365),
    COUNTS: (0, 1, 2, 3, 5, 10, 25, 100),
    MONEY: (0, 25, 50, 100, 250, 500, 1000, 2500, 5000),
    SHARES: (0.0, 0.25, 0.5, 0.75, 1.0),
}

ONLINE_RETAIL = """
with lines as (
  -- The sheets overlap: a row is kept as often as the sheet that holds it most often holds it.
  select distinct Invoice as invoice, StockCode as code, Description, Quantity as quantity, InvoiceDate as moment,
         Price as price, "Customer ID" as customer, Country,
         row_number() over (partition by Invoice, StockCode, Description, Quantity, InvoiceDate, Price,
                                         "Customer ID", Country, sheet) as copy
  from read_parquet($path) where "Customer ID" is not null and InvoiceDate < timestamp '2011-09-10'),
bought as (select * from lines where quantity > 0 and price > 0),
orders as (
  select customer, invoice, date '2011-09-10' - min(moment)::date as ago, min(moment)::date as day,
         sum(quantity * price) as amount, sum(quantity) as items from bought group by all),
products as (select customer, count(distinct upper(code)) as products from bought group by all),
refunds as (
  select customer, count(distinct invoice) as refunds from lines where quantity < 0 and invoice like 'C%' group by all)
select customer, min(ago) as days_since_last_order, count(*) as orders, sum(amount) as revenue,
       avg(amount) as average_order_value, max(ago) as days_since_first_order,
       count(*) filter (ago <= 365) as orders_365d, count(*) filter (ago <= 90) as orders_90d,
       coalesce(sum(amount) filter (ago <= 365), 0) as revenue_365d,
       case when count(*) > 1 then (max(ago) - min(ago)) / (count(*) - 1) end as mean_gap_days,
       max(amount) as max_order_value, avg(items) as items_per_order, any_value(products) as distinct_products,
       avg((isodow(day) >= 6)::int) as weekend_share,
       coalesce(any_value(refunds), 0) / (count(*) + coalesce(any_value(refunds), 0)) as refund_share
from orders join products using (customer) left join refunds using (customer) group by customer order by customer
"""
CDNOW = """
with orders as (
  select customer_id as customer, strptime(date::varchar, '%Y%m%d')::date as day, date '1998-01-01' - day as ago,
         sum(number_of_cds) as items, sum(dollar_value) as amount
  from purchases where date < 19980101 and dollar_value > 0 group by all)
select customer, min(ago) as days_since_last_order, count(*) as orders, sum(amount) as revenue,
       avg(amount) as average_order_value, max(ago) as days_since_first_order,
       count(*) filter (ago <= 180) as orders_180d, count(*) filter (ago <= 90) as orders_90d,
       coalesce(sum(amount) filter (ago <= 180), 0) as revenue_180d,
       case when count(*) > 1 then (max(ago) - min(ago)) / (count(*) - 1) end as mean_gap_days,
       max(amount) as max_order_value, avg(items) as items_per_order, avg((isodow(day) >= 6)::int) as weekend_share
from orders group by customer order by customer
"""

#: Measured before this project, on clusterings and a synthetic store of its own: near these, not the same.
PUBLISHED = (
    ("published: trimmed box hull + local search <= 4", ".910", ".908", ".877"),
    ("published: the same, jointly rounded", ".913", ".898", ".878"),
    ("published: beam search <= 4", ".903", ".902", ".872"),
    ("published: one-vs-rest tree, depth 4", ".925", ".932", ".894"),
    ("published: multi-class tree, K leaves", ".809", ".731", ".689"),
    ("published: multi-class tree, 4K leaves", ".930", ".936", ".883"),
    ("goal at <= 4 conditions", ".93", ".92", ".90"),
)


@dataclass(frozen=True)
class Case:
    """A named table of features (NaN is missing) and its cluster labels."""

    name: str
    features: pd.DataFrame
    labels: NDArray[np.int32]


@dataclass(frozen=True)
class Score:
    """One method on one case and split: F1 per segment on held-out customers, conditions per segment, CPU seconds."""

    f1: list[float]
    conditions: list[float]
    seconds: float


Method = Callable[[pd.DataFrame, NDArray[np.int32], pd.DataFrame], tuple[list[NDArray[np.bool_]], list[float]]]


def observed_thresholds(X: pd.DataFrame) -> dict[str, tuple[float, ...]]:
    """Return thresholds nobody rounded: the values of each feature, or as many of its quantiles as are offered."""
    out = {}
    for name in X:
        known = X[name].dropna().to_numpy(dtype=float)
        points = np.unique(known)
        if len(points) > OBSERVED:
            points = np.unique(np.quantile(known, np.linspace(0, 1, OBSERVED), method="nearest"))
        out[str(name)] = tuple(points.tolist())
    return out


def online_retail(folder: Path) -> pd.DataFrame:
    """Return 14 features of the 5,281 customers of Online Retail II at 2011-09-10."""
    path = str(folder / "online_retail_ii" / "online_retail_ii.parquet")
    found: pd.DataFrame = duckdb.connect().execute(ONLINE_RETAIL, {"path": path}).df()
    return found.set_index("customer").astype(float)


def cdnow(folder: Path) -> pd.DataFrame:
    """Return 12 features of the 23,502 customers of CDNOW at 1998-01-01."""
    engine = duckdb.connect()
    engine.register("purchases", pd.read_csv(folder / "cdnow" / "CDNOW_master.txt", sep=r"\s+"))
    return engine.execute(CDNOW).df().set_index("customer").astype(float)


def synthetic(customers: int = 6000, seed: int = 0) -> pd.DataFrame:
    """Return 10 features of customers of 6 overlapping types, about half of whom ordered once."""
    chance = np.random.default_rng(seed)
    kind = chance.choice(6, customers, p=[0.28, 0.22, 0.18, 0.14, 0.10, 0.08])

    def of_kind(*values: float) -> NDArray[np.float64]:
        return np.array(values)[kind]

    yearly = of_kind(0.6, 1.0, 2.6, 5.8, 1.5, 9.0) * chance.gamma(3, 1 / 3, customers)
    tenure = chance.uniform(30, 900, customers) * of_kind(1, 0.5, 1, 1, 0.9, 1)
    alive = np.minimum(tenure, chance.exponential(of_kind(200, 400, 500, 900, 120, 1500)))
    further = chance.poisson(yearly * alive / 365)
    orders = 1 + further
    gap = np.where(further > 0, alive * chance.beta(orders, 1.2) / np.maximum(further, 1), np.nan)
    noise = chance.normal(0, 0.5, customers) / np.sqrt(orders)
    value = np.exp(chance.normal(of_kind(3.6, 4.0, 3.8, 4.1, 5.2, 4.6), 0.35) + noise)
    discount, weekend = of_kind(0.7, 0.15, 0.5, 0.1, 0.2, 0.3), of_kind(0.3, 0.5, 0.2, 0.3, 0.3, 0.15)
    clicks = of_kind(1, 4, 2, 6, 1, 8)
    return pd.DataFrame(
        {
            "days_since_last_order": np.round(tenure - np.nan_to_num(gap) * further),
            "orders": orders.astype(float),
            "revenue": orders * value,
            "average_order_value": value,
            "days_since_first_order": np.round(tenure),
            "mean_gap_days": gap,
            "items_per_order": 1.0 + chance.poisson(of_kind(1, 2, 1.5, 3, 4, 6)),
            "share_discounted": chance.binomial(orders, chance.beta(2 * discount, 2 - 2 * discount)) / orders,
            "weekend_share": chance.binomial(orders, chance.beta(3 * weekend, 3 - 3 * weekend)) / orders,
            "clicks_90d": chance.negative_binomial(1.2, 1.2 / (1.2 + clicks)).astype(float),
        }
    )


def cluster(features: pd.DataFrame, fill: str = "zero", seed: int = 7) -> NDArray[np.int32]:
    """Return KMeans labels; a missing mean gap is filled for the clustering only, with zero or with the tenure."""
    gap = features["mean_gap_days"].fillna(0.0 if fill == "zero" else features["days_since_first_order"])
    prepared = np.clip(PowerTransformer().fit_transform(features.assign(mean_gap_days=gap)), -3, 3)
    labels: NDArray[np.int32] = KMeans(SEGMENTS, n_init=10, random_state=seed).fit_predict(prepared)
    return labels


def cluster_recency_frequency_money(features: pd.DataFrame, seed: int = 7) -> NDArray[np.int32]:
    """Return KMeans labels on the logarithms of recency, orders and revenue alone."""
    prepared = StandardScaler().fit_transform(np.log1p(features[["days_since_last_order", "orders", "revenue"]]))
    labels: NDArray[np.int32] = KMeans(SEGMENTS, n_init=10, random_state=seed).fit_predict(np.clip(prepared, -3, 3))
    return labels


def usual_steps(name: str) -> tuple[float, ...]:
    """Return the thresholds people use for a feature, by what it measures."""
    if name.startswith("days_") or name.endswith("_days"):
        return DAYS
    if "share" in name:
        return SHARES
    return COUNTS if name.startswith(("orders", "distinct", "clicks")) else MONEY


def halves(rows: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return two random halves of the row numbers."""
    order = np.random.default_rng(seed).permutation(rows)
    return order[: rows // 2], order[rows // 2 :]


def boxes(limit: int = 4, rounding: str = "joint", coarse: bool = False, **settings: object) -> Method:
    """Return the inducer as a method; `rounding` is ``joint``, ``none`` or ``nearest``, to usual or coarse numbers."""

    def run(X: pd.DataFrame, y: NDArray[np.int32], held: pd.DataFrame) -> tuple[list[NDArray[np.bool_]], list[float]]:
        usual = {str(name): usual_steps(str(name)) for name in X}
        if coarse:
            usual = {name: COARSE[steps] for name, steps in usual.items()}
        steps = usual if rounding == "joint" else observed_thresholds(X)
        rules = RuleInducer(limit, steps=steps, **settings).fit(X, y).rules_
        if rounding == "nearest":
            rules = tuple(_nearest(rule, usual) for rule in rules)
        return _held(rules, held)

    return run


def native(X: pd.DataFrame, y: NDArray[np.int32], held: pd.DataFrame) -> tuple[list[NDArray[np.bool_]], list[float]]:
    """The inducer on the features that Klaviyo has itself."""
    return boxes(prices={name: np.inf for name in X if name in NOT_IN_KLAVIYO})(X, y, held)


def partition(X: pd.DataFrame, y: NDArray[np.int32], held: pd.DataFrame) -> tuple[list[NDArray[np.bool_]], list[float]]:
    """Rules that never overlap."""
    whole = [name for name in X if X[name].dropna().mod(1).eq(0).all()]
    steps = {str(name): usual_steps(str(name)) for name in X}
    return _held(PartitionInducer(steps=steps, integer=whole).fit(X, y).rules_, held)


def _held(rules: Sequence[Condition], held: pd.DataFrame) -> tuple[list[NDArray[np.bool_]], list[float]]:
    columns = {str(name): held[name].to_numpy() for name in held}
    return [selects(rule, columns) for rule in rules], [float(len(list(leaves(rule)))) for rule in rules]


def _nearest(rule: Condition, steps: dict[str, tuple[float, ...]]) -> Condition:
    def near(feature: str, value: object) -> float:
        return min(steps[feature], key=lambda each: abs(each - float(str(value))))

    match rule:
        case All(parts) | AnyOf(parts):
            return type(rule)(tuple(_nearest(part, steps) for part in parts))
        case Between(feature, low, high):
            return Between(feature, near(feature, low), near(feature, high))
        case Compare(feature, sign, value):
            return Compare(feature, sign, near(feature, value))
    raise TypeError(rule)


def one_vs_rest(
    X: pd.DataFrame, y: NDArray[np.int32], held: pd.DataFrame
) -> tuple[list[NDArray[np.bool_]], list[float]]:
    """A tree of depth 4 per segment; the rule is the union of the leaves that say yes."""
    selected, conditions = [], []
    for label in np.unique(y):
        tree = DecisionTreeClassifier(max_depth=4, random_state=0).fit(X, y == label)
        selected.append(tree.predict(held).astype(bool))
        conditions.append(_conditions(tree)[-1])
    return selected, conditions


def multi_class(leaves: int) -> Method:
    """Return one tree for all segments as a method; a segment's rule is the union of its leaves."""

    def run(X: pd.DataFrame, y: NDArray[np.int32], held: pd.DataFrame) -> tuple[list[NDArray[np.bool_]], list[float]]:
        tree = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0).fit(X, y)
        answer = tree.predict(held)
        return [answer == label for label in np.unique(y)], _conditions(tree)

    return run


def _conditions(tree: DecisionTreeClassifier) -> list[float]:
    """Return per class how many conditions its leaves need together, a band on one feature counted once."""
    grown = tree.tree_
    total = np.zeros(len(tree.classes_))
    stack: list[tuple[int, frozenset[int]]] = [(0, frozenset())]
    while stack:
        node, used = stack.pop()
        if grown.children_left[node] < 0:
            total[int(grown.value[node, 0].argmax())] += len(used)
            continue
        used |= {int(grown.feature[node])}
        stack += [(int(grown.children_left[node]), used), (int(grown.children_right[node]), used)]
    return [float(v) for v in total]


def measure(method: Method, case: Case, splits: int) -> list[Score]:
    """Return one score per random split in halves."""
    out = []
    for seed in range(splits):
        fitted, held = halves(len(case.features), seed)
        started = time.process_time()
        selected, conditions = method(case.features.iloc[fitted], case.labels[fitted], case.features.iloc[held])
        seconds = time.process_time() - started
        truth = case.labels[held]
        f1 = [fidelity(s, truth == label).f1 for label, s in zip(np.unique(case.labels), selected, strict=True)]
        out.append(Score(f1, conditions, seconds))
    return out


def ceiling(case: Case, limit: int, alternatives: bool) -> float:
    """Return macro F1 of the best unrounded rules the search finds, fitted **and measured** on everyone.

    What is left above it is what rules of this length cannot say, however well they are learnt.
    """
    X, y = case.features, case.labels
    inducer = RuleInducer(limit, penalty=0.0005, steps=observed_thresholds(X), alternatives=alternatives).fit(X, y)
    selected, _ = _held(inducer.rules_, X)
    return float(np.mean([fidelity(s, y == label).f1 for s, label in zip(selected, inducer.classes_, strict=True)]))


def curve(case: Case, most: int, splits: int) -> NDArray[np.float64]:
    """Return held-out macro F1 by the most conditions allowed, from one search a split."""
    out = []
    for seed in range(splits):
        fitted, held = halves(len(case.features), seed)
        steps = {str(name): usual_steps(str(name)) for name in case.features}
        inducer = RuleInducer(most, steps=steps).fit(case.features.iloc[fitted], case.labels[fitted])
        truth = case.labels[held]
        rungs = [_held(rules, case.features.iloc[held])[0] for rules in inducer.ladder_]
        out.append(
            [np.mean([fidelity(s, truth == k).f1 for s, k in zip(r, inducer.classes_, strict=True)]) for r in rungs]
        )
    return np.mean(out, axis=0)


def _number(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def cases(folder: Path) -> list[Case]:
    """Return the data sets, the real ones only where they are there."""
    out = []
    if folder.is_dir():
        retail, music = online_retail(folder), cdnow(folder)
        out += [Case("Online Retail II", retail, cluster(retail)), Case("CDNOW", music, cluster(music))]
    else:
        print(f"No folder {folder}: the two real data sets are left out.\n")
    made = synthetic()
    out.append(Case("synthetic", made, cluster(made)))
    out.append(Case("synthetic, clustered on log RFM", made, cluster_recency_frequency_money(made)))
    if folder.is_dir():
        out.append(Case("Online Retail II, gap filled by tenure", retail, cluster(retail, "tenure")))
    return out


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=SHARED, help="folder that holds online_retail_ii and cdnow")
    parser.add_argument("--splits", type=int, default=5, help="random halves to average over")
    chosen = parser.parse_args()
    # Yeo-Johnson's line search steps over the edge of doubles on heavy tails, and recovers.
    warnings.filterwarnings("ignore", category=RuntimeWarning, module="scipy|numpy|sklearn")
    known = cases(chosen.data)
    methods: dict[str, Method] = {
        "**inducer <= 4, usual thresholds**": boxes(),
        "the same, by AND alone": boxes(alternatives=False),
        "the same, on features native to Klaviyo": native,
        "rules that never overlap (a tree), <= 4": partition,
        "inducer <= 4, unrounded": boxes(rounding="none"),
        "inducer <= 4, each threshold to the nearest usual": boxes(rounding="nearest"),
        "inducer <= 4, coarse thresholds": boxes(coarse=True),
        "inducer <= 4, each threshold to the nearest coarse": boxes(rounding="nearest", coarse=True),
        "one-vs-rest tree, depth 4, union of leaves": one_vs_rest,
        "multi-class tree, K leaves": multi_class(SEGMENTS),
        "multi-class tree, 4K leaves": multi_class(4 * SEGMENTS),
    }
    print(f"Held-out macro F1 / worst segment, mean of {chosen.splits} random halves.\n")
    print(_row(["method", *(case.name for case in known), "conditions", "CPU s"]))
    print(_row(["---"] * (len(known) + 3)))
    for name, method in methods.items():
        found = [measure(method, case, chosen.splits) for case in known]
        cells = [f"{_number(_mean(each))} / {_number(float(np.mean([min(s.f1) for s in each])))}" for each in found]
        conditions = [np.mean([np.mean(s.conditions) for s in each]) for each in found]
        seconds = [np.mean([s.seconds for s in each]) for each in found]
        spread = f"{min(conditions):.1f}-{max(conditions):.1f}"
        print(_row([name, *cells, spread, f"{min(seconds):.2f}-{max(seconds):.2f}"]), flush=True)
    for name, limit, alternatives in (("AND alone <= 4", 4, False), ("<= 4", 4, True), ("<= 6", 6, True)):
        cells = [_number(ceiling(case, limit, alternatives)) for case in known]
        print(_row([f"ceiling: {name}, fitted and measured on everyone", *cells, "", ""]), flush=True)
    if len(known) > 1:
        for name, *cells in PUBLISHED:
            print(_row([name, *cells, *[""] * (len(known) - 1)]))
    print("\nHeld-out macro F1 by the most conditions allowed (usual thresholds).\n")
    print(_row(["at most", *(case.name for case in known)]))
    print(_row(["---"] * (len(known) + 1)))
    curves = [curve(case, MOST, chosen.splits) for case in known]
    for limit in range(1, MOST + 1):
        print(_row([str(limit), *(_number(float(each[limit - 1])) for each in curves)]))


def _mean(scores: Sequence[Score]) -> float:
    return float(np.mean([np.mean(s.f1) for s in scores]))


if __name__ == "__main__":
    main()
