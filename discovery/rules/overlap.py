"""How the segments of two segmentations share their customers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from discovery.core.segment import Segmentation

COLUMNS = ("segmentation_a", "segment_a", "segmentation_b", "segment_b", "both", "a_only", "b_only", "jaccard")


def overlap(segmentations: Sequence[Segmentation]) -> pd.DataFrame:
    """Return one row per pair of segments of two different segmentations that could share customers.

    ``both`` + ``a_only`` is the size of a, ``both`` + ``b_only`` the size of b, and ``jaccard`` is both over all three,
    0 to 1.
    """
    rows = []
    for a, b in combinations(segmentations, 2):
        counts = Counter(zip(a.labels, b.labels, strict=True))
        for first in a.segments:
            for second in b.segments:
                both = counts[first.id, second.id]
                union = first.size + second.size - both
                jaccard = both / union if union else 0.0
                rows.append((a.name, first.id, b.name, second.id, both, first.size - both, second.size - both, jaccard))
    return pd.DataFrame(rows, columns=list(COLUMNS))
