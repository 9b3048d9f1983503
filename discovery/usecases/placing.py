"""The customers who are looked at, as points a distance means something between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.cluster.answers import ANSWER, common_answers, with_answers
from discovery.cluster.apart import FEWEST, Apart, beyond_null, known_well
from discovery.cluster.lead import History, Led, lead
from discovery.cluster.null import copula_draws, record_draws
from discovery.cluster.prepare import Matrix, Preparation, prepare
from discovery.cluster.shrink import Shrinkage, shrink
from discovery.core.errors import DataError
from discovery.core.feature import FeatureTable
from discovery.core.places import places
from discovery.core.records import Records
from discovery.core.sampling import some_rows
from discovery.core.settings import ClusterSettings


@dataclass(frozen=True, eq=False)
class Placed:
    """The customers who are looked at, as points a distance means something between.

    ``inside`` marks them among all customers of the table; ``points`` has one row for each of them, and so have
    ``history``, where everyone looked at has ordered.
    """

    inside: NDArray[np.bool_]
    points: Matrix
    preparation: Preparation | Shrinkage | Led
    history: History | None = None

    @property
    def records(self) -> Records | None:
        """What the events of the customers who are looked at say."""
        return self.history.now if self.history else None

    @property
    def method(self) -> str:
        """How the points were made, in words."""
        if isinstance(self.preparation, Preparation):
            return f"{len(self.preparation.names)} features, Yeo-Johnson"
        if isinstance(self.preparation, Led):
            return f"{len(self.preparation.shrinkage.names)} empirical-Bayes features, led by the orders to come"
        return f"{len(self.preparation.names)} empirical-Bayes features"

    @property
    def space(self) -> str:
        """What the points are made of, as the setting ``cluster.space`` names it."""
        return "features" if isinstance(self.preparation, Preparation) else "shrunken"

    @property
    def rehearsed(self) -> Mapping[int, float]:
        """What cuts into so many segments lost in the rehearsal of the quarter before, where there was one."""
        return self.preparation.rehearsed if isinstance(self.preparation, Led) else {}

    def beyond_null(self, settings: ClusterSettings, seed: int) -> Apart | None:
        """Return how far the customers known well stand apart beyond structureless ones, where that can be tested.

        By what they did: answers are apart from each other by themselves.
        """
        if self.history is None or not isinstance(self.preparation, Shrinkage):
            return None
        rows = known_well(self.history.now, settings, seed)
        if len(rows) < FEWEST:
            return None
        done = [not name.startswith(ANSWER) for name in self.preparation.names]
        nulls = (null[:, done] for null in self.nulls(rows, settings.null_draws, seed))
        names = [name for name, mine in zip(self.preparation.names, done, strict=True) if mine]
        return beyond_null(self.points[rows][:, done], nulls, settings.discovered_from, seed, names)

    def led(self, settings: ClusterSettings, seed: int) -> Placed:
        """Return the same customers led by the orders to come, where their records can tell them."""
        if self.history is None or not isinstance(self.preparation, Shrinkage) or not settings.lead:
            return self
        leading = lead(self.preparation, self.history, settings, seed)
        return replace(self, points=leading.transform(self.history.now, self.points), preparation=leading)

    def nulls(self, rows: NDArray[np.int64], draws: int, seed: int) -> Iterator[Matrix]:
        """Give structureless data sets like some of the customers."""
        if self.records is None or isinstance(self.preparation, Preparation):
            return copula_draws(self.points[rows], draws, seed)
        if isinstance(self.preparation, Shrinkage):
            return (points for _, points in record_draws(self.records.taken(rows), self.preparation, draws, seed))
        # The null keeps when everyone ordered, and so what is to come.
        drawn = record_draws(self.records.taken(rows), self.preparation.shrinkage, draws, seed)
        return (np.hstack([points, self.points[rows, -1:]]) for _, points in drawn)


def place(
    table: FeatureTable,
    inside: NDArray[np.bool_],
    names: tuple[str, ...],
    settings: ClusterSettings,
    history: History | None = None,
    shrunken: bool = False,
    seed: int = 0,
) -> Placed:
    """Return the customers who are looked at as points.

    Parameters
    ----------
    table, inside
        Everyone, and who is looked at.
    names : tuple of str
        Features that the points are made of, unless they are `shrunken`.
    settings : ClusterSettings
        Where coordinates are drawn in, and how many customers priors are learnt from.
    history : History, optional
        Of everyone with an order; without it, or where somebody looked at has none, points are made of features. The
        answers that the settings name become a part of it.
    shrunken : bool
        Whether points are empirical-Bayes features of the history.
    seed : int
        The only source of chance.

    Raises
    ------
    DataError
        If fewer than two are, or they do not differ.
    """
    if inside.sum() < 2:
        raise DataError(
            f"At least two customers must be in the question's population at {table.as_of}, got {int(inside.sum())}. "
            "Choose a later as_of or another question."
        )
    if history is not None:
        at = places(table.customers[inside], history.now.customer)
        history = replace(history, now=history.now.taken(at)) if (at >= 0).all() else None
    if history is not None and settings.properties:
        history = _answered(history, table.columns(settings.properties), settings.categories)
    if shrunken and history is not None:
        learnt_from = history.now.taken(some_rows(len(history.now), settings.fit_rows, seed))
        shrinkage = shrink(learnt_from, settings.clip)
        return Placed(inside, shrinkage.transform(history.now), shrinkage, history)
    frame = table.filled(names, inside)
    some = some_rows(len(frame), settings.fit_rows, seed)
    preparation = prepare(frame.iloc[some], settings.clip, settings.correlated)
    return Placed(inside, preparation.transform(frame), preparation, history)


def _answered(history: History, values: pd.DataFrame, most: int) -> History:
    """Return the history with what customers told: it has no date, so it counts as known in the rehearsal too."""
    parts = {str(n): common_answers(values[n].reindex(history.now.customer), most) for n in values}
    now = with_answers(history.now, values, parts)
    return replace(history, now=now, before=history.before and with_answers(history.before, values, parts))
