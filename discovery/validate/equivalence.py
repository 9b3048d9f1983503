"""Differences between two segments, pooled over campaigns, and whether they are small enough to be none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from discovery.core.bounds import SMALLEST

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Answers:
    """What a segment's differences from others are made of: sums over its customers, campaign by campaign.

    Parameters
    ----------
    n : array of float, campaigns
        Customers asked.
    mean : array of float, campaigns
        Of their answers: a rate, or money.
    cross : array of float, campaigns x campaigns
        Products of what a customer's answers to two campaigns deviate from the means, added up over customers.
    """

    n: Floats
    mean: Floats
    cross: Floats

    def only(self, campaign: int) -> Answers:
        """Return the answers to one campaign."""
        one = slice(campaign, campaign + 1)
        return Answers(self.n[one], self.mean[one], self.cross[one, one])


def answers_of(values: Floats, asked: NDArray[np.bool_]) -> Answers:
    """Return the sums of a segment's answers.

    Parameters
    ----------
    values : array of float, customers x campaigns
        What each customer answered: 0 or 1, or money.
    asked : array of bool, same shape
        Whether the customer was asked at all.
    """
    n = asked.sum(axis=0).astype(np.float64)
    mean = np.where(asked, values, 0.0).sum(axis=0) / np.maximum(n, 1)
    deviations = np.where(asked, values - mean, 0.0)
    return Answers(n, mean, deviations.T @ deviations)


def ceiling(money: Floats, share: float) -> float:
    """Return the amount that such a share of those who paid stay below; endless where it is all of them, or nobody.

    Notes
    -----
    Means of amounts cut there (Winsorized; Tukey 1962) have short intervals that keep their error rate where a few
    amounts are large beyond measure; and they say what most customers bring.

    Examples
    --------
    >>> ceiling(np.array([0.0, 0.0, 10.0, 20.0, 30.0]), 0.5)
    20.0
    """
    paid = money[money > 0]
    return float(np.quantile(paid, share)) if share < 1 and len(paid) else float("inf")


@dataclass(frozen=True)
class Difference:
    """The difference of two segments in one outcome, first minus second.

    Parameters
    ----------
    value : float
        As seen.
    centre, error : float
        Of the normal distribution that interval and tests are read from.
    margin : float
        A difference smaller than this is none in practice.
    mean : float
        Of both segments together.
    n : int
        Customers asked, once for each campaign.
    smaller : int
        Those of the smaller segment.
    """

    value: float
    centre: float
    error: float
    margin: float
    mean: float
    n: int
    smaller: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval."""
        low, high = self.centre - 1.96 * self.error, self.centre + 1.96 * self.error
        return min(low, self.value), max(high, self.value)

    @property
    def p_differs(self) -> float:
        """P-value of the test that there is no difference."""
        return 2 * float(ndtr(-(abs(self.centre) / self.error))) if self.error > 0 else 1.0

    @property
    def p_equal(self) -> float:
        """P-value of the two one-sided tests that the difference reaches the margin."""
        return float(ndtr(-((self.margin - abs(self.centre)) / self.error))) if self.error > 0 else 1.0

    def growth_needed(self, alpha: float, power: float) -> float:
        """Return how many times as many customers two truly equal segments need for equivalence to be seen.

        Examples
        --------
        >>> error = (2 * 0.06 * 0.94 / 1_000) ** 0.5
        >>> found = Difference(0.0, 0.0, error, 0.01, 0.06, 2_000, 1_000)
        >>> round(found.smaller * found.growth_needed(0.05, 0.8))
        9660
        """
        wanted = float(ndtri(1 - alpha) + ndtri(1 - (1 - power) / 2))
        return (wanted * self.error / self.margin) ** 2


def difference(a: Answers, b: Answers, margin: float, *, rate: bool) -> Difference | None:
    """Return the difference of two segments, stratified by campaign; None where too few were asked by any.

    Parameters
    ----------
    a, b : Answers
        Of the two segments.
    margin : float
        For a rate, absolute; otherwise relative to the mean of both.
    rate : bool
        Whether answers are 0 or 1.

    Notes
    -----
    One weight for each campaign, n m / (n + m) as Mantel and Haenszel (1959) take it. Rates get one success and one
    failure more in each segment (Agresti and Caffo 2000), so that nobody's answering is no proof of equality; with a
    single campaign the tests are exactly theirs. Several campaigns share the two by weight: one of each in every
    campaign would draw a small segment to one half so often that it differed from a large one by that alone. As the
    same customer answers several campaigns, the variance is multiplied by what clustering by customer adds to it.

    A small segment of which hardly anybody paid shows too little of how amounts differ: nobody of fifty would be
    certain to bring less. So the error of amounts is at least what it is if those of both segments differ alike.

    Examples
    --------
    >>> no, yes = np.zeros((90, 1)), np.ones((10, 1))
    >>> group = answers_of(np.vstack([no, yes]), np.ones((100, 1), dtype=bool))
    >>> found = difference(group, group, 0.01, rate=True)
    >>> found.value, found.p_equal > 0.05
    (0.0, True)
    """
    usable = (a.n >= SMALLEST) & (b.n >= SMALLEST)
    if not usable.any():
        return None
    weight = np.where(usable, a.n * b.n / np.maximum(a.n + b.n, 1), 0.0)
    weight /= weight.sum()
    asked = np.where(usable, a.n + b.n, 0.0)
    both = float((asked * (a.mean * a.n + b.mean * b.n) / np.maximum(a.n + b.n, 1)).sum() / asked.sum())
    (first, one), (second, two) = _estimate(a, weight, rate=rate), _estimate(b, weight, rate=rate)
    return Difference(
        value=float(weight @ (a.mean - b.mean)),
        centre=first - second,
        error=float(np.sqrt(one + two if rate else max(one + two, _if_alike(a, b, weight)))),
        margin=margin if rate else margin * abs(both),
        mean=both,
        n=int(asked.sum()),
        smaller=int(min(a.n[usable].max(), b.n[usable].max())),
    )


def _estimate(answers: Answers, weight: Floats, *, rate: bool) -> tuple[float, float]:
    """Return the weighted mean of a segment and its variance."""
    n, squares = np.maximum(answers.n, 1), np.diag(answers.cross)
    if rate:
        shrunk = (answers.mean * n + weight) / (n + 2 * weight)
        centre, variance = float(weight @ shrunk), float(weight**2 @ (shrunk * (1 - shrunk) / (n + 2 * weight)))
    else:
        centre = float(weight @ answers.mean)
        variance = float(weight**2 @ (squares / np.maximum(n * (n - 1), 1)))
    return centre, variance * design(answers, weight)


def design(answers: Answers, weight: Floats) -> float:
    """Return how many times as large several answers of one customer make the variance of a segment's mean."""
    each = weight / np.maximum(answers.n, 1)
    apart = float(each**2 @ np.diag(answers.cross))
    return max(float(each @ answers.cross @ each) / apart, 1.0) if apart > 0 else 1.0


def _if_alike(a: Answers, b: Answers, weight: Floats) -> float:
    """Return the variance of the difference of two means if the answers of both segments differ alike."""
    spread = (np.diag(a.cross) + np.diag(b.cross)) / np.maximum(a.n + b.n - 2, 1)
    each = weight**2 * (1 / np.maximum(a.n, 1) + 1 / np.maximum(b.n, 1))
    return float(each @ spread) * max(design(a, weight), design(b, weight))
