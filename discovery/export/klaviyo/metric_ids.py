"""Metric names replaced by the ids that an account has given them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from discovery.core.errors import UsageError
from discovery.export.klaviyo.definition import Definition, Group
from discovery.export.klaviyo.events import Metric

#: In the place of an id: the account does not have the metric, so it never happened.
NO_METRIC = "none"


def absent(ids: Mapping[str, str]) -> frozenset[str]:
    """Return the metrics that an account is said not to have.

    Examples
    --------
    >>> sorted(absent({"Placed Order": "AbC123", "Clicked SMS": "none"}))
    ['Clicked SMS']
    """
    return frozenset(name for name, ident in ids.items() if ident == NO_METRIC)


def metrics(definitions: Iterable[Definition]) -> tuple[str, ...]:
    """Return the metrics that definitions name, in alphabetical order."""
    conditions = (c for d in definitions for g in d.condition_groups for c in g.conditions)
    return tuple(sorted({c.metric_id for c in conditions if isinstance(c, Metric)}))


def with_ids(definitions: Iterable[Definition], ids: Mapping[str, str]) -> tuple[Definition, ...]:
    """Return the definitions with the account's ids in place of the names of metrics.

    Raises
    ------
    UsageError
        Naming every metric that `ids` lacks.

    Examples
    --------
    >>> with_ids([], {})
    ()
    """
    found = tuple(definitions)
    lacking = [name for name in metrics(found) if not ids.get(name)]
    if lacking:
        raise UsageError(
            f"Every metric must have the id that the account gave it; none is stated for {', '.join(lacking)}. "
            "List them in a file, one line each such as `Placed Order: AbC123`, and name it with --metric-ids. "
            f"GET /api/metrics tells them. Of one that the account does not have, write `{lacking[0]}: {NO_METRIC}`."
        )
    return tuple(Definition(tuple(_group(g, ids) for g in d.condition_groups)) for d in found)


def _group(group: Group, ids: Mapping[str, str]) -> Group:
    return Group(
        tuple(replace(c, metric_id=ids[c.metric_id]) if isinstance(c, Metric) else c for c in group.conditions)
    )
