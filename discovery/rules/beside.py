"""Clusters beside rules: which rule of a library says a cluster, which cuts one in half, what no rule says."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.run import Beside, Match
from discovery.core.sampling import some_rows
from discovery.core.segment import Segmentation
from discovery.core.settings import RuleSettings

Counts = NDArray[np.float64]


def beside(members: pd.DataFrame, segmentation: Segmentation, settings: RuleSettings, seed: int) -> tuple[Beside, ...]:
    """Return each segment beside the rules.

    Parameters
    ----------
    members : DataFrame of bool
        One row per customer, one column per rule.
    segmentation : Segmentation
        Of the same customers in the same order.
    settings : RuleSettings
        From which F1 on a segment counts as said, how near to half of it a rule cuts it through, and how many customers
        pairs are tried on.
    seed : int
        Of the sample, where there are more.
    """
    chosen = some_rows(len(members), settings.induce_rows, seed)
    segments, labels = [s.id for s in segmentation.placed], segmentation.labels
    inside = members.iloc[chosen].to_numpy(dtype=np.float32)
    own = (labels.iloc[chosen].to_numpy()[:, None] == np.array(segments, dtype=object)[None, :]).astype(np.float32)
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
        cut = tuple(name for name, part in zip(names, share, strict=True) if abs(part - 0.5) <= settings.cut_within)
        said = max((m.f1 for m in (single, pair) if m), default=0.0) >= settings.said_f1
        out.append(Beside(segmentation.name, segment, single, pair, said, cut))
    return tuple(out)


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
