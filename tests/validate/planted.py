"""Segmentations made up for tests of evidence."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from discovery.core.segment import UNASSIGNED, Segment, Segmentation, Structure


def segmentation(sizes: Mapping[str, int], labels: pd.Series | None = None) -> Segmentation:
    """Return a segmentation of segments of these sizes, in this order; or of customers labelled already."""
    if labels is None:
        labels = pd.Series(np.repeat(list(sizes), list(sizes.values())), dtype="str")
        labels.index = pd.Index([f"c{i:06d}" for i in range(len(labels))], name="customer_id")
    segments = tuple(
        Segment(i, i.upper(), "planted", n, n / len(labels), -1 if i == UNASSIGNED else r)
        for r, (i, n) in enumerate(sizes.items())
    )
    strength = pd.Series(1.0, index=labels.index)
    return Segmentation("kmeans", segments, labels, strength, "planted", Structure.CONSTRUCTED, "planted", "left out")
