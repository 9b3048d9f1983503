"""A sample of rows, the same for the same seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def some_rows(total: int, wanted: int, seed: int) -> NDArray[np.int64]:
    """Return at most `wanted` of the row numbers 0 to `total` - 1, drawn without replacement, in increasing order.

    Examples
    --------
    >>> some_rows(3, 10, seed=1)
    array([0, 1, 2])
    """
    if total <= wanted:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).choice(total, wanted, replace=False))
