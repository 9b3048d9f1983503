"""What leads where customers are cut for use: the orders to come, as the quarter before the date shows them.

Where there are no kinds to follow, a cut is worth what it says about what customers do next. So the clusterer is given
one more column, heavier than the others. It is rehearsed on the days before the date, and sees nothing after it: from
what was known of each customer a quarter earlier, a logistic regression learns who ordered in that quarter, and tells
from what is known now who will order in the next one. How heavy the column is, is rehearsed too: the lightest weight at
which a cut of the earlier customers ranks who ordered nearly as well as the uncut score does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from discovery.cluster.kmeans import assign, fit_centres
from discovery.cluster.prepare import Matrix
from discovery.cluster.shrink import Shrinkage, shrinkage_from_plain
from discovery.core.places import places
from discovery.core.records import Records
from discovery.core.sampling import some_rows
from discovery.core.settings import ClusterSettings

Array = NDArray[np.float64]
#: Weights tried, as multiples of the lightest.
_HEAVIER = (1.0, 4 / 3, 2.0, 8 / 3)
_STARTS = 3
_ROWS_AT_ONCE = 50_000
#: Below this deviation a column is the same for everyone.
_LEAST = 1e-9
_ARRAYS = ("coefficients", "means", "scales")
#: What is known beside the coordinates: places the orders to come right after them.
_PLAIN = 5


@dataclass(frozen=True, eq=False)
class History:
    """Records at the date, and those of everyone who had ordered so many days before it, where anybody had."""

    now: Records
    before: Records | None = None
    days: int = 0


@dataclass(frozen=True, eq=False)
class Led:
    """Empirical-Bayes coordinates led by the orders to come: a pure function from records to coordinates.

    Parameters
    ----------
    shrinkage : Shrinkage
        Of all columns but the last.
    coefficients, means, scales : float arrays
        Of what is known of a customer: the coordinates, the log of the orders to come that the order process expects,
        and the logs of repeats, days since the last order and since the first, and orders.
    center : (float, float)
        Mean and deviation of the score.
    weight : float
        How many times as heavy as another column the last one is.
    rehearsed : mapping of int to float
        By number of segments, how much worse than the score itself (AUC) a cut into so many ranked who ordered in the
        rehearsal. Empty where nothing was learnt, and the score is what the order process expects.
    """

    shrinkage: Shrinkage
    coefficients: Array
    means: Array
    scales: Array
    center: tuple[float, float]
    weight: float
    rehearsed: Mapping[int, float]

    @property
    def names(self) -> tuple[str, ...]:
        """What the columns are."""
        return (*self.shrinkage.names, "orders to come")

    def transform(self, records: Records, shrunken: Matrix | None = None) -> Matrix:
        """Return the coordinates of customers, shape (customers, features), the last one the heaviest.

        `shrunken` are their coordinates without the lead, where these are known already.
        """
        out = np.empty((len(records), len(self.names)), dtype=np.float32)
        for start in range(0, len(records), _ROWS_AT_ONCE):
            rows = np.arange(start, min(start + _ROWS_AT_ONCE, len(records)))
            own = None if shrunken is None else shrunken[rows]
            out[rows] = self._coordinates(_known(self.shrinkage, records.taken(rows), own))
        return out

    def as_plain(self) -> dict[str, object]:
        """Return it as JSON values."""
        arrays = {name: getattr(self, name).tolist() for name in _ARRAYS}
        rehearsed = {str(k): loss for k, loss in self.rehearsed.items()}
        own = {"center": list(self.center), "weight": self.weight, "rehearsed": rehearsed}
        return {**self.shrinkage.as_plain(), "lead": {**arrays, **own}}

    def _coordinates(self, known: Array) -> Matrix:
        middle, spread = self.center
        score = np.clip((self._score(known) - middle) / spread, -self.shrinkage.clip, self.shrinkage.clip)
        return np.column_stack([known[:, : len(self.shrinkage.names)], self.weight * score]).astype(np.float32)

    def _score(self, known: Array) -> Array:
        return np.asarray((known - self.means) / self.scales @ self.coefficients)


def led_from_plain(plain: Mapping[str, object]) -> Led:
    """Return the Led that `Led.as_plain` wrote."""
    own: dict[str, Any] = dict(plain["lead"])  # type: ignore[call-overload]
    arrays = {name: np.array(own[name], dtype=np.float64) for name in _ARRAYS}
    middle, spread = own["center"]
    rehearsed = {int(k): float(loss) for k, loss in own["rehearsed"].items()}
    return Led(
        shrinkage_from_plain(plain), **arrays, center=(middle, spread), weight=own["weight"], rehearsed=rehearsed
    )


def lead(shrinkage: Shrinkage, history: History, settings: ClusterSettings, seed: int) -> Led:
    """Return the coordinates led by the orders to come.

    Parameters
    ----------
    shrinkage : Shrinkage
        Learnt at the date.
    history : History
        What is known of the customers now, and was before the quarter that is rehearsed.
    settings : ClusterSettings
        The lightest weight, what a cut may lose, and how many customers it is learnt from.
    seed : int
        The only source of chance.

    Notes
    -----
    With fewer than ``lead_customers`` who ordered in the rehearsal, or who did not, nothing is learnt: what the order
    process expects leads, at the lightest weight.
    """
    known = _known(shrinkage, _some(history.now, settings, seed))
    if history.before is not None:
        earlier = _some(history.before, settings, seed)
        ordered = _ordered_since(earlier, history)
        if min(ordered.sum(), (~ordered).sum()) >= settings.lead_customers:
            before = _known(shrinkage, earlier)
            means, scales = _moments(before)
            model = LogisticRegression(max_iter=1_000).fit((before - means) / scales, ordered)
            learnt = Led(shrinkage, model.coef_[0], means, scales, (0.0, 1.0), settings.lead, {})
            weight, losses = _rehearsed(_centred(learnt, before), before, ordered, settings, seed)
            return replace(_centred(learnt, known), weight=weight, rehearsed=losses)
    expected = np.zeros(known.shape[1])
    expected[-_PLAIN] = 1.0
    return _centred(Led(shrinkage, expected, *_moments(known), (0.0, 1.0), settings.lead, {}), known)


def _some(records: Records, settings: ClusterSettings, seed: int) -> Records:
    return records.taken(some_rows(len(records), settings.fit_rows, seed))


def _ordered_since(before: Records, history: History) -> NDArray[np.bool_]:
    """Return which of the customers known before ordered since."""
    at = places(before.customer, history.now.customer)
    # Nought is the day before the date: at so many days the order came the day before the rehearsal, and was known.
    return np.asarray((at >= 0) & ((history.now.age - history.now.recency)[at] < history.days))


def _moments(known: Array) -> tuple[Array, Array]:
    # What was the same for everyone in the rehearsal told nothing, however much it differs now.
    spread = known.std(axis=0)
    return known.mean(axis=0), np.where(spread > _LEAST, spread, 1.0)


def _centred(led: Led, known: Array) -> Led:
    """Return it with the score of these customers in the middle, at a deviation of 1."""
    score = led._score(known)
    return replace(led, center=(float(score.mean()), max(float(score.std()), _LEAST)))


def _rehearsed(
    led: Led, known: Array, ordered: NDArray[np.bool_], settings: ClusterSettings, seed: int
) -> tuple[float, dict[int, float]]:
    """Return the lightest weight at which a cut ranks who ordered nearly as well as the score itself.

    And how much worse it does, for each number of segments a team can serve; the weight goes by the most of them.
    """
    rows = some_rows(len(known), settings.choice_rows, seed)
    half = np.random.default_rng(seed).random(len(rows)) < 0.5
    best = roc_auc_score(ordered[rows], led._score(known[rows]))

    @cache
    def loss(weight: float, k: int) -> float:
        points = replace(led, weight=weight)._coordinates(known[rows])
        cut = assign(points, fit_centres(points, k, seed, _STARTS))[0]
        return float(best - _ranked(cut, ordered[rows], half))

    *lighter, weight = (settings.lead * times for times in _HEAVIER)
    weight = next((w for w in lighter if loss(w, settings.band_high) <= settings.lead_loss), weight)
    return weight, {k: loss(weight, k) for k in range(settings.band_low, settings.band_high + 1)}


def _ranked(cut: NDArray[np.int64], ordered: NDArray[np.bool_], half: NDArray[np.bool_]) -> float:
    """Return how well rates learnt on one half of the customers rank the other, both ways."""
    found = []
    for learn in (half, ~half):
        n = np.bincount(cut[learn], minlength=cut.max() + 1)
        hits = np.bincount(cut[learn], weights=ordered[learn], minlength=cut.max() + 1)
        rate = np.divide(hits, n, out=np.full(len(n), ordered[learn].mean()), where=n > 0)
        found.append(roc_auc_score(ordered[~learn], rate[cut[~learn]]))
    return float(np.mean(found))


def _known(shrinkage: Shrinkage, records: Records, shrunken: Matrix | None = None) -> Array:
    """Return what is known of each customer: the coordinates, then orders to come, then plain logs."""
    since = records.age - records.recency
    plain = [np.log1p(each) for each in (records.repeats, since, records.age, records.orders)]
    own = shrinkage.transform(records) if shrunken is None else shrunken
    return np.column_stack([own, shrinkage.to_come(records), *plain])
