"""Intervals of rates and of mean amounts, of many groups of customers at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint

Numbers = NDArray[np.float64]

#: Fewer payers say too little of how much payers differ.
_PAYERS = 20


def rate_intervals(hits: Numbers, n: Numbers) -> tuple[Numbers, Numbers]:
    """Return both ends of the 95 % interval (Wilson) of the rates of groups; NaN where nobody is in one.

    Examples
    --------
    >>> low, high = rate_intervals(np.array([0.0, 25.0]), np.array([50.0, 50.0]))
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.0, 0.366], [0.071, 0.634])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = proportion_confint(hits, n, method="wilson")
        return np.minimum(low, hits / n), np.maximum(high, hits / n)


@dataclass(frozen=True, eq=False)
class Amounts:
    """What groups of customers brought, as sums; one number for each group.

    Parameters
    ----------
    n, payers, refunded : array
        Customers; those whose amount is not 0; those whose amount is below 0.
    total, squares : array
        Sum of the amounts, and of their squares.
    """

    n: Numbers
    payers: Numbers
    refunded: Numbers
    total: Numbers
    squares: Numbers

    @classmethod
    def each(cls, values: Numbers) -> Self:
        """Return every customer as a group; one whose amount is NaN counts nowhere."""
        known = ~np.isnan(values)
        held = np.where(known, values, 0.0)
        return cls(*(np.asarray(each, dtype=np.float64) for each in (known, held != 0, held < 0, held, held**2)))

    @classmethod
    def of(cls, values: Numbers) -> Self:
        """Return all customers as one group."""
        return cls.each(values).summed(lambda numbers: np.asarray(numbers.sum()))

    def summed(self, add: Callable[[Numbers], Numbers]) -> Self:
        """Return the groups that `add` makes of these: it adds one number of each of them."""
        return type(self)(*(add(getattr(self, field.name)) for field in fields(self)))

    def interval(self, everyone: Amounts) -> tuple[Numbers, Numbers]:
        """Return both ends of the 95 % interval of each group's mean: of who pays, and of what payers pay.

        Most customers bring nothing, so a mean is the share who pay times what these pay. The share has Wilson's
        interval, the payers' mean the normal one; the two distances from each end are put together as squares (Zou and
        Donner 2008). Where every customer there is pays, who pays is certain. Fewer than 20 payers are held to differ
        at least as much as everyone's, in proportion to their mean. Where nobody paid, a mean of 0 is not certain
        either: it ends at Wilson's upper share, each of whom pays what everyone's payers do.

        Examples
        --------
        >>> low, high = Amounts.of(np.zeros(50)).interval(Amounts.of(np.array([0.0, 0.0, 20.0, 40.0])))
        >>> low.item(), round(high.item(), 2)
        (0.0, 2.14)
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            mean, share = self.total / self.n, self.payers / self.n
            fewest, most = rate_intervals(self.payers, self.n)
            if everyone.payers == everyone.n:
                fewest, most = share, share
            theirs, differ = everyone._payers
            each, spread = self._payers
            each = np.where(self.payers > 0, each, theirs)
            spread = np.where(self.payers > 1, spread, 0.0)
            if everyone.payers > 1 and theirs:
                spread = np.where(self.payers < _PAYERS, np.maximum(spread, np.abs(each / theirs) * differ), spread)
            half = 1.96 * share * spread / np.sqrt(np.maximum(self.payers, 1))
            ends = np.sort(np.stack(np.broadcast_arrays(each * fewest, each * most)), axis=0)
            low, high = mean - np.hypot(mean - ends[0], half), mean + np.hypot(ends[1] - mean, half)
        if not everyone.payers:
            return mean, mean
        # What nobody can bring is not below nothing.
        return np.where((mean >= 0) & (self.refunded == 0), np.maximum(low, 0.0), low), high

    @property
    def _payers(self) -> tuple[Numbers, Numbers]:
        """What payers pay in the mean, and its standard deviation."""
        each = self.total / self.payers
        spread = np.sqrt(np.maximum(self.squares - self.payers * each**2, 0.0) / (self.payers - 1))
        return each, spread
