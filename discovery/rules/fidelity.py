"""How well a rule selects the customers it stands for, with intervals."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint

from discovery.core.errors import UsageError
from discovery.core.rule import Fidelity, FidelityInterval, Interval


def fidelity(selected: NDArray[np.bool_], belongs: NDArray[np.bool_]) -> Fidelity:
    """Return how well those `selected` by a rule agree with those that belong to its segment.

    Precision is the share of the selected that belong, recall the share of those that belong that are selected, F1 =
    2 * both / (selected + belonging), coverage the share of all that are selected.

    Parameters
    ----------
    selected, belongs : boolean arrays of shape (n,)
        In the same order of customers, which should not be those the rule was induced on.

    Notes
    -----
    Nobody selected: precision is NaN, and F1 is 0. Nobody belongs: recall is NaN, and F1 is 0. Neither: F1 is NaN
    too. Nobody there: coverage is NaN.

    Examples
    --------
    >>> found = fidelity(np.array([True, True, False, False]), np.array([True, False, True, False]))
    >>> found.precision, found.recall, found.f1, found.coverage
    (0.5, 0.5, 0.5, 0.5)
    """
    both, picked, size, n = _counted(selected, belongs)
    return Fidelity(
        precision=both / picked if picked else math.nan,
        recall=both / size if size else math.nan,
        f1=2 * both / (picked + size) if picked + size else math.nan,
        coverage=picked / n if n else math.nan,
        n=n,
    )


def fidelity_interval(
    selected: NDArray[np.bool_], belongs: NDArray[np.bool_], confidence: float = 0.95
) -> FidelityInterval:
    """Return the intervals of `fidelity` on the same customers.

    Precision and recall are shares, so theirs are Wilson's. So is that of the Jaccard index J = both / (selected or
    belonging), given how many are selected or belong; F1 = 2 J / (1 + J) rises with J, and its ends follow.

    Parameters
    ----------
    selected, belongs : boolean arrays of shape (n,)
        Held-out customers, in the same order. The intervals do not cover what another sample to induce on would change.
    confidence : float, between 0 and 1
        How often such intervals hold the true value.

    Source
    ------
    Wilson (1927), Journal of the American Statistical Association 22: 209-212.

    Examples
    --------
    >>> found = fidelity_interval(np.repeat([True, False], 50), np.repeat([True, False, True], [45, 50, 5]))
    >>> [round(end, 3) for end in (*found.precision, *found.f1)]
    [0.786, 0.957, 0.821, 0.946]
    """
    if not 0 < confidence < 1:
        raise UsageError(f"`confidence` must lie between 0 and 1, got {confidence!r}.")
    both, picked, size, _ = _counted(selected, belongs)

    def wilson(hits: int, of: int) -> Interval:
        if not of:
            return math.nan, math.nan
        low, high = proportion_confint(hits, of, alpha=1 - confidence, method="wilson")
        return float(low), float(high)

    low, high = wilson(both, picked + size - both)
    return FidelityInterval(wilson(both, picked), wilson(both, size), (2 * low / (1 + low), 2 * high / (1 + high)))


def _counted(selected: NDArray[np.bool_], belongs: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return how many are selected and belong, are selected, belong, and are there."""
    chosen, members = np.asarray(selected, dtype=bool), np.asarray(belongs, dtype=bool)
    if chosen.ndim != 1 or chosen.shape != members.shape:
        raise UsageError(f"Both must have one value per customer, got shapes {chosen.shape} and {members.shape}.")
    return int((chosen & members).sum()), int(chosen.sum()), int(members.sum()), len(chosen)
