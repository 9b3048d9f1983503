"""Clusters beside rules: which rule of a library says a cluster, which cuts one in half, what no rule says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.sampling import some_rows

Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Match:
    """How well one rule, or two joined, select a segment.

    ``join`` is ``""`` for one rule, else ``AND`` or ``OR``.
    """

    rules: tuple[str, ...]
    join: str
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Beside:
    """One segment beside the rules.

    Parameters
    ----------
    segment_id : str
        Of which.
    single, pair : Match or None
        The rule, and the two rules joined, with the highest F1; None where no rule selects any of its customers.
    said : bool
        One rule or a pair reaches the F1 that the settings ask for.
    cut_by : tuple of str
        Rules that select a middling share of its customers: what they ask for runs through the segment.
    """

    segment_id: str
    single: Match | None
    pair: Match | None
    said: bool
    cut_by: tuple[str, ...]


def beside(
    members: pd.DataFrame, labels: pd.Series, segments: tuple[str, ...], said_f1: float, rows: int, seed: int
) -> tuple[Beside, ...]:
    """Return each segment beside the rules.

    Parameters
    ----------
    members : DataFrame of bool
        One row per customer, one column per rule.
    labels : Series
        The segment of each customer, in the same order.
    segments : tuple of str
        Which ones.
    said_f1 : float
        From which F1 on a segment counts as said by rules.
    rows : int
        Customers that pairs are tried on, a sample above that.
    seed : int
        Of the sample.

    Examples
    --------
    >>> people = pd.DataFrame({"often": [True, True, False, False], "dear": [True, False, True, False]})
    >>> [found] = beside(people, pd.Series(["c1", "c2", "c2", "c2"]), ("c1",), 0.8, 100, 1)
    >>> found.pair.rules, found.pair.join, found.said
    (('often', 'dear'), 'AND', True)
    """
    chosen = some_rows(len(members), rows, seed)
    inside = members.to_numpy(dtype=np.float32)[chosen]
    own = (labels.to_numpy()[chosen][:, None] == np.array(segments, dtype=object)[None, :]).astype(np.float32)
    names = list(members.columns)
    selected, sizes = inside.sum(axis=0, dtype=np.float64), own.sum(axis=0, dtype=np.float64)
    hits = (inside.T @ own).astype(np.float64)
    singles = _scores(hits, selected[:, None], sizes[None, :])
    best: dict[int, tuple[float, tuple[int, int], str]] = {}
    for i in range(len(names) - 1):
        both = inside[:, i : i + 1] * inside[:, i + 1 :]
        shared, together = (both.T @ own).astype(np.float64), both.sum(axis=0, dtype=np.float64)
        either = hits[i][None, :] + hits[i + 1 :] - shared
        for join, found, chosen_n in (
            ("AND", shared, together),
            ("OR", either, selected[i] + selected[i + 1 :] - together),
        ):
            f1 = _scores(found, chosen_n[:, None], sizes[None, :])
            for k, j in enumerate(f1.argmax(axis=0)):
                if f1[j, k] > best.get(k, (0.0, (0, 0), ""))[0]:
                    best[k] = (float(f1[j, k]), (i, i + 1 + int(j)), join)
    out = []
    for k, segment in enumerate(segments):
        single = _match(inside, own[:, k], (int(singles[:, k].argmax()),), "", names) if names else None
        pair = _match(inside, own[:, k], best[k][1], best[k][2], names) if k in best else None
        share = hits[:, k] / sizes[k] if sizes[k] else np.zeros(len(names))
        cut = tuple(name for name, part in zip(names, share, strict=True) if _MIDDLE[0] <= part <= _MIDDLE[1])
        said = max((m.f1 for m in (single, pair) if m), default=0.0) >= said_f1
        out.append(Beside(segment, single, pair, said, cut))
    return tuple(out)


#: A rule that selects such a share of a segment cuts it in half.
_MIDDLE = (0.4, 0.6)


def _scores(hits: Counts, selected: Counts, sizes: Counts) -> Counts:
    """Return F1 = 2 hits / (selected + belonging); 0 where nobody is either."""
    total = selected + sizes
    return np.divide(2 * hits, total, out=np.zeros_like(hits), where=total > 0)


def _match(
    inside: NDArray[np.float32], own: NDArray[np.float32], rules: tuple[int, ...], join: str, names: list[str]
) -> Match | None:
    columns = inside[:, list(rules)] > 0
    selected = columns.any(axis=1) if join == "OR" else columns.all(axis=1)
    hits, n, belonging = float((selected * own).sum()), int(selected.sum()), float(own.sum())
    if not hits:
        return None
    precision, recall = hits / n, hits / belonging
    f1 = 2 * precision * recall / (precision + recall)
    return Match(tuple(names[i] for i in rules), join, precision, recall, f1)
