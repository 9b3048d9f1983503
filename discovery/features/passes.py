"""The passes over the events that features need, each with only the rows that it must see.

A pass is a query with one row per customer. The file of events is ordered by event, so reading one event costs just
its rows, and measures share a pass where they concern the same events. Sorting costs more than reading: only gaps and
what follows what are sorted, the latter just as far back as its window reaches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from discovery.core.dataset import MICROSECONDS_PER_DAY, midnight
from discovery.core.feature import Feature, Filter
from discovery.core.holidays import season_ranges
from discovery.engine.sql import identifier, literal, literals
from discovery.features.profile_reads import READS
from discovery.features.seen import seen

#: What is not measured over events.
_ELSEWHERE = ("ratio", *READS)
#: An event that nothing follows within so many days is unfollowed.
_FOLLOW_DAYS = 7
_HOUR = 3_600_000_000

_DAY = f'"at" // {MICROSECONDS_PER_DAY}'
_DERIVED = {
    # 1 January 1970 was a Thursday, and Monday is 0.
    "weekday": f"({_DAY} + 3) % 7",
    "hour": f'("at" % {MICROSECONDS_PER_DAY}) // {_HOUR}',
}


def passes(features: Iterable[Feature], as_of: date, events: str) -> list[str]:
    """Return the queries that measure `features` over the events before `as_of`.

    Parameters
    ----------
    features : iterable of Feature
        Those that read no events are passed over.
    as_of : date
        Exclusive.
    events : str
        Table expression of the canonical events.

    Returns
    -------
    list of str
        Each with a ``customer_key`` and one column per feature. Whoever had an event that one of the features reads
        is in at least one of them.
    """
    plain: list[Feature] = []
    special: dict[tuple[object, ...], tuple[_Pass, list[Feature]]] = {}
    for feature in features:
        if feature.aggregate in _ELSEWHERE:
            continue
        kind = _SPECIAL.get(feature.aggregate)
        if kind is None or (feature.aggregate == "distinct" and (feature.where or _inside(feature, 0))):
            plain.append(feature)
        else:
            special.setdefault((kind, kind.shared_by(feature)), (kind, []))[1].append(feature)
    crowds = _crowds(plain)
    # The largest results first, while there is nothing yet to hold beside them.
    out = [_plain(crowd, as_of, events) for crowd in sorted(crowds, key=len, reverse=True)]
    out += [kind.query(group, as_of, events) for kind, group in special.values()]
    # Most of the special passes skip rows of their events. Whoever has just those is known too: read them here.
    whole = _events([*plain, *(f for kind, group in special.values() if kind.whole for f in group)])
    rest = [e for e in _events(f for _, group in special.values() for f in group) if e not in whole]
    return [*out, f"SELECT DISTINCT customer_key FROM {events} WHERE {_rows(rest, as_of)}"] if rest else out


def _crowds(features: list[Feature]) -> list[list[Feature]]:
    """Split measures by the events they concern; of sets of events that overlap, one is made."""
    crowds: list[list[Feature]] = []
    for feature in features:
        touched = [c for c in crowds if set(_events(c)).intersection(feature.events)]
        crowds = [c for c in crowds if c not in touched]
        crowds.append([*(f for c in touched for f in c), feature])
    return crowds


def _events(features: Iterable[Feature]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(e for f in features for e in f.events))


def _rows(names: Sequence[str], as_of: date) -> str:
    """Return which rows count: the named events before the date, no order cancelled before it, none of no value."""
    return seen(names, as_of) + (" AND (event <> 'placed_order' OR value > 0)" if "placed_order" in names else "")


def _plain(features: list[Feature], as_of: date, events: str) -> str:
    """Return the measures that are one aggregate."""
    names = _events(features)
    measures = ", ".join(f"{_measure(f, names, as_of)} AS {identifier(f.name)}" for f in features)
    return f"SELECT customer_key, {measures} FROM {events} WHERE {_rows(names, as_of)} GROUP BY customer_key"


def _measure(feature: Feature, names: tuple[str, ...], as_of: date) -> str:
    """Return the aggregate of one feature; its events, window and filters stand inside, so that one pass serves all."""
    end = midnight(as_of)
    inside = [*_among(feature, names), *_inside(feature, end)]
    chosen = inside + [_filter(f, as_of) for f in feature.where]
    column = identifier(feature.column) if feature.column else "1"
    today = end // MICROSECONDS_PER_DAY
    match feature.aggregate:
        case "count":
            return f"count({_when(chosen, '1')})"
        case "distinct":
            return f"count(DISTINCT {_when(chosen, column)})"
        case "share":
            hits, of = _when(chosen, "1"), _when(inside, _known(feature))
            return f"CAST(count({hits}) AS DOUBLE) / nullif(count({of}), 0)"
        case "days_since_last":
            return f"{today} - max({_when(chosen, _DAY)})"
        case "days_since_first":
            return f"{today} - min({_when(chosen, _DAY)})"
        case _:
            return f"CAST({feature.aggregate}({_when(chosen, column)}) AS DOUBLE)"


def _among(feature: Feature, names: tuple[str, ...]) -> list[str]:
    """Return what tells the feature's events from the others of the pass."""
    if set(feature.events) == set(names):
        return []
    return [f"event IN {literals(feature.events)}"]


def _window_days(feature: Feature, today: int) -> tuple[int | None, int | None]:
    """Return the first day of the feature's window and the first day after it, as days since 1970; None: open."""
    firsts = [] if feature.window is None else [today - feature.window]
    afters = [today - feature.skip] if feature.skip else []
    if feature.since:
        firsts.append(midnight(date.fromisoformat(feature.since)) // MICROSECONDS_PER_DAY)
    if feature.until:
        afters.append(midnight(date.fromisoformat(feature.until)) // MICROSECONDS_PER_DAY + 1)
    return max(firsts, default=None), min(afters, default=None)


def _inside(feature: Feature, end: int) -> list[str]:
    """Return what an event must satisfy to lie in the feature's window."""
    first, after = _window_days(feature, end // MICROSECONDS_PER_DAY)
    inside = [] if first is None else [f'"at" >= {first * MICROSECONDS_PER_DAY}']
    return inside if after is None else [*inside, f'"at" < {after * MICROSECONDS_PER_DAY}']


def _when(conditions: list[str], value: str) -> str:
    """Return `value` where all conditions hold, else missing: CASE, since not every engine knows FILTER."""
    return f"CASE WHEN {' AND '.join(conditions)} THEN {value} END" if conditions else value


def _known(feature: Feature) -> str:
    """Return what must be there for an event to count in a share's denominator: a column that is read, if one is."""
    columns = [f[0] for f in feature.where if f[0] not in _DERIVED and f[0] != "season"]
    return identifier(columns[0]) if columns else "1"


def _filter(each: Filter, as_of: date) -> str:
    column, sign, value = each
    if column == "season":
        ranges = season_ranges(str(value), as_of)
        return "(" + " OR ".join(f'("at" >= {midnight(a)} AND "at" < {midnight(b)})' for a, b in ranges) + ")"
    read = _DERIVED.get(column) or identifier(column)
    if isinstance(value, tuple):
        return f"{read} IN {literals(value)}"
    if sign == "<>":
        # What is not known to be `value` counts: an open not marked as a machine's is a person's.
        return f"coalesce({read} <> {literal(value)}, TRUE)"
    return f"{read} {sign} {literal(value)}"


def _gaps(features: list[Feature], as_of: date, events: str) -> str:
    """Return mean and exact median of the whole days between an order and the one before."""
    gaps = (
        f"SELECT customer_key, {_DAY} - lag({_DAY}) OVER (PARTITION BY customer_key ORDER BY {_DAY}) AS gap "
        f"FROM {events} WHERE {_rows(features[0].events, as_of)}"
    )
    placed = (
        "SELECT customer_key, gap, row_number() OVER (PARTITION BY customer_key ORDER BY gap) AS place, "
        f"count(*) OVER (PARTITION BY customer_key) AS n FROM ({gaps}) AS g WHERE gap IS NOT NULL"
    )
    middle = _when(["2 * place >= n", "2 * place <= n + 2"], "gap")
    measures = {
        "mean_gap_days": "CAST(sum(gap) AS DOUBLE) / nullif(count(*), 0)",
        # The middle gap, or the mean of the two middle ones.
        "median_gap_days": f"CAST(sum({middle}) AS DOUBLE) / nullif(count({middle}), 0)",
    }
    # Standard deviation over mean, whole numbers under the root so that every engine gives the same digits.
    spread = "sqrt(CAST(count(*) * sum(gap * gap) - sum(gap) * sum(gap) AS DOUBLE))"
    measures["gap_variation"] = f"CASE WHEN count(*) >= 2 THEN {spread} / nullif(CAST(sum(gap) AS DOUBLE), 0) END"
    out = ", ".join(f"{measures[f.aggregate]} AS {identifier(f.name)}" for f in features)
    return f"SELECT customer_key, {out} FROM ({placed}) AS placed GROUP BY customer_key"


def _items(features: list[Feature], as_of: date, events: str) -> str:
    """Return how many different values a column has, and the share of spend that goes to the one spent most on."""
    column = identifier(features[0].column)
    totals = (
        f"SELECT customer_key, {column}, sum(value) AS spent FROM {events} "
        f"WHERE {_rows(features[0].events, as_of)} GROUP BY customer_key, {column}"
    )
    spent = _when([f"{column} IS NOT NULL"], "spent")
    measures = {
        "distinct": f"count({column})",
        "top_share": f"CAST(max({spent}) AS DOUBLE) / nullif(CAST(sum({spent}) AS DOUBLE), 0)",
    }
    out = ", ".join(f"{measures[f.aggregate]} AS {identifier(f.name)}" for f in features)
    return f"SELECT customer_key, {out} FROM ({totals}) AS t GROUP BY customer_key"


def _unfollowed(features: list[Feature], as_of: date, events: str) -> str:
    """Return how often a first event was not followed by the second within seven days, as seen at the date."""
    end = midnight(as_of)
    rows = _rows(_events(features), as_of)
    windows = [f.window for f in features if f.window is not None]
    if len(windows) == len(features):
        # What follows comes later, so nothing before the longest window matters: far less is to be sorted.
        rows += f' AND "at" >= {end - max(windows) * MICROSECONDS_PER_DAY}'
    # RANGE, so that what happens at the same instant follows too.
    following = (
        f'SELECT customer_key, event, "at", min(CASE WHEN event = {literal(features[0].events[1])} THEN "at" END) OVER '
        '(PARTITION BY customer_key ORDER BY "at" RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_at '
        f"FROM {events} WHERE {rows}"
    )
    alone = f'(next_at IS NULL OR next_at > "at" + {_FOLLOW_DAYS * MICROSECONDS_PER_DAY})'
    out = []
    for feature in features:
        chosen = [f"event = {literal(feature.events[0])}", alone, *_inside(feature, end)]
        out.append(f"count({_when(chosen, '1')}) AS {identifier(feature.name)}")
    return f"SELECT customer_key, {', '.join(out)} FROM ({following}) AS f GROUP BY customer_key"


def _run_since(features: list[Feature], as_of: date, events: str) -> str:
    """Return how often the first event happened since the last of the second."""
    first, second = features[0].events
    ran = f'SELECT customer_key, "at" FROM {events} WHERE {_rows((first,), as_of)}'
    last = (
        f'SELECT customer_key, max("at") AS reset_at FROM {events} WHERE {_rows((second,), as_of)} '
        "GROUP BY customer_key"
    )
    since = _when(['(reset_at IS NULL OR "at" > reset_at)'], "1")
    return (
        f"SELECT f.customer_key, count({since}) AS {identifier(features[0].name)} FROM ({ran}) AS f "
        f"LEFT JOIN ({last}) AS r ON f.customer_key = r.customer_key GROUP BY f.customer_key"
    )


@dataclass(frozen=True)
class _Pass:
    """A pass that is more than one aggregation, what features share that share it, whether it keeps every customer."""

    query: Callable[[list[Feature], date, str], str]
    shared_by: Callable[[Feature], object]
    whole: bool = False


_SPECIAL = {
    **dict.fromkeys(("mean_gap_days", "median_gap_days", "gap_variation"), _Pass(_gaps, lambda f: f.events)),
    **dict.fromkeys(("distinct", "top_share"), _Pass(_items, lambda f: (f.events, f.column), whole=True)),
    "unfollowed": _Pass(_unfollowed, lambda f: f.events[1]),
    "run_since": _Pass(_run_since, lambda f: f.name),
}
