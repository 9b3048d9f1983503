"""What rounding costs: thresholds nobody rounded, to induce rules with beside the usual ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Observed thresholds a column offers where nobody rounds.
OBSERVED = 64


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
