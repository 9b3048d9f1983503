"""How the segments of two segmentations share their customers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from discovery.core.segment import Segmentation

COLUMNS = ("segmentation_a", "segment_a", "segmentation_b", "segment_b", "both", "a_only", "b_only", "jaccard", "lift")

_ROWS_AT_ONCE = 100_000


def overlap(segmentations: Sequence[Segmentation]) -> pd.DataFrame:
    """Return one row per pair of segments of two different segmentations that could share customers.

    ``both`` + ``a_only`` is the size of a, ``both`` + ``b_only`` the size of b, ``jaccard`` is both over all three, 0
    to 1, and ``lift`` is both over what chance would put in both: 1 where knowing one tells nothing of the other.
    """
    placed = [(s, pd.Index([each.id for each in s.segments]).get_indexer(pd.Index(s.labels))) for s in segmentations]
    rows = []
    for (a, mine), (b, theirs) in combinations(placed, 2):
        shape = len(a.segments), len(b.segments)
        shared = np.bincount(mine * shape[1] + theirs, minlength=shape[0] * shape[1]).reshape(shape).tolist()
        for first, row in zip(a.segments, shared, strict=True):
            for second, both in zip(b.segments, row, strict=True):
                rows.append(
                    (a.name, first.id, b.name, second.id, *_shared(both, first.size, second.size, len(a.labels)))
                )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def membership_overlap(members: pd.DataFrame) -> pd.DataFrame:
    """Return one row per pair of rules, the pairs that share most first.

    Parameters
    ----------
    members : DataFrame of bool
        One row per customer, one column per rule.

    Returns
    -------
    DataFrame
        ``a``, ``b``, customers of ``both``, ``a_only`` and ``b_only``, ``jaccard`` and ``lift`` as in `overlap`.

    Examples
    --------
    >>> membership_overlap(pd.DataFrame({"old": [True, True], "big": [True, False]})).iloc[0].to_dict()
    {'a': 'old', 'b': 'big', 'both': 1, 'a_only': 1, 'b_only': 0, 'jaccard': 0.5, 'lift': 1.0}
    """
    names = list(members.columns)
    shared = np.zeros((len(names), len(names)), dtype=np.int64)
    for start in range(0, len(members), _ROWS_AT_ONCE):
        inside = members.iloc[start : start + _ROWS_AT_ONCE].to_numpy(dtype=np.float32)
        shared += (inside.T @ inside).astype(np.int64)
    sizes = shared.diagonal()
    rows = []
    for a, b in combinations(range(len(names)), 2):
        rows.append((names[a], names[b], *_shared(int(shared[a, b]), int(sizes[a]), int(sizes[b]), len(members))))
    found = pd.DataFrame(rows, columns=["a", "b", *COLUMNS[4:]])
    return found.sort_values("jaccard", ascending=False, kind="stable", ignore_index=True)


def _shared(both: int, a: int, b: int, everyone: int) -> tuple[int, int, int, float, float]:
    union, product = a + b - both, a * b
    return both, a - both, b - both, both / union if union else 0.0, both * everyone / product if product else 0.0
