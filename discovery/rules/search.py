"""The formula that best tells one class from everyone else: an exact interval in every place, a beam over shapes.

With the rest of a formula fixed, a hole in it decides only for some customers: those selected if its condition holds
and not if it does not. They are counted once per cell between neighbouring thresholds, and the F1 of every interval
follows from cumulated counts, so the best one is found exactly. Formulas grow by such intervals, joined by AND or OR
to any part of them; the best of each shape are kept, and improved by adding, dropping, replacing and moving one
condition at a time until nothing gains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from discovery.rules.formula import (
    AND,
    HOLE,
    LEAF,
    OR,
    Formula,
    closed,
    filled,
    grown,
    intervals,
    joined,
    opened,
    repeats,
    shape,
    size,
)
from discovery.rules.grid import Choices, Grid, choices

#: Single conditions the search starts from, formulas of one shape kept at each length, and shapes kept. Twice as many
#: of each gained .001 of held-out F1 for twice the time.
FIRST, BEAM, SHAPES = 8, 3, 4
#: Formulas grow on at most this many of a class and as many of the others; the best are then moved on everyone.
SAMPLE, FINALISTS = 3000, 3

#: Yields formulas near one, each with its score.
Neighbours = Callable[[Formula], dict[Formula, float]]


@dataclass(frozen=True)
class Search:
    """Finds, for any class, the formula of at most so many intervals with the highest penalised F1.

    The penalised F1 of a formula is its F1 over the table, less `penalty` for each condition, less a quarter of it
    for each condition that is bounded on both sides, less the price of each condition's column.

    Parameters
    ----------
    table : Grid
        What to search on.
    penalty : float
        F1 a further condition must gain; at least 0.
    prices : array of shape (columns,)
        F1 that a condition on each column must gain beyond the penalty.
    alternatives : bool
        Whether conditions may be joined by OR as well.
    """

    table: Grid
    penalty: float
    prices: NDArray[np.float64]
    alternatives: bool

    @cached_property
    def choices(self) -> Choices:
        """Every interval there is."""
        return choices(self.table, self.penalty, self.prices)

    @cached_property
    def costs(self) -> dict[Formula, float]:
        """What each interval must gain."""
        return dict(zip(self.choices.intervals, self.choices.cost.tolist(), strict=True))

    def best(self, belongs: NDArray[np.bool_], most: int) -> tuple[Formula | None, ...]:
        """Return the best formula of at most 1, 2, ..., `most` conditions for those in `belongs` (shape (n,)).

        None, which selects everyone, comes back only where all or none belong or no column has a threshold.
        """
        if belongs.all() or not belongs.any() or not self.choices.intervals:
            return (None,) * most
        members, others = (self._drawn(np.flatnonzero(group)) for group in (belongs, ~belongs))
        drawn = np.concatenate([members, others])
        weight = np.count_nonzero(~belongs) / len(others) * len(members) / np.count_nonzero(belongs)
        kinds = (AND, OR) if self.alternatives else (AND,)
        found = _ClassSearch(self, self.table.rows(drawn), belongs[drawn], weight, kinds).run(most)
        if len(drawn) < len(belongs):
            everyone = _ClassSearch(self, self.table, belongs, 1.0, kinds)
            found = [everyone.climbed(formulas, everyone.moved) for formulas in found]
        return tuple(formulas[0] for formulas in found)

    def _drawn(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return at most `SAMPLE` of `rows`, evenly spaced in the order of their cells: the same for any row order."""
        if len(rows) <= SAMPLE:
            return rows
        places = np.linspace(0, len(rows) - 1, SAMPLE).astype(int)
        return np.asarray(rows[np.lexsort(self.table.cells[rows].T)[places]])


class _ClassSearch:
    """The search for one class on one table, where each of the others stands for `weight` of them.

    Remembers the best intervals for each context it has looked at.
    """

    def __init__(
        self, search: Search, table: Grid, belongs: NDArray[np.bool_], weight: float, kinds: tuple[int, ...]
    ) -> None:
        self._search, self._table, self._kinds = search, table, kinds
        self._choices, self._costs = search.choices, search.costs
        self._groups = (belongs, ~belongs)
        self._weight = weight
        self._total = int(belongs.sum())
        self._flat = table.cells + np.arange(len(table.thresholds), dtype=np.int32) * table.width
        self._within: dict[Formula, NDArray[np.bool_]] = {}
        self._ranked: dict[tuple[Formula, int | None], list[tuple[float, Formula]]] = {}
        self._scores: dict[Formula, float] = {}

    def run(self, most: int) -> list[list[Formula]]:
        """Return, for each length up to `most`, the best formulas of at most that many conditions, best first."""
        beam = self.climbed(self._filled(HOLE, count=FIRST), self.moved)
        pool = set(beam)
        out = [beam[:FINALISTS]]
        for length in range(2, most + 1):
            by_shape: dict[Formula, dict[Formula, float]] = {}
            for formula in beam:
                for longer, score in self._added(formula, count=2 * BEAM).items():
                    by_shape.setdefault(shape(longer), {})[longer] = score
            kept = []
            for alike in by_shape.values():
                likely = sorted(alike, key=lambda f: (-alike[f], f))[: 2 * BEAM]
                kept.append(self.climbed(likely, self.moved)[:BEAM])
            kept.sort(key=lambda formulas: self._rank(formulas[0]))
            beam = [formula for formulas in kept[:SHAPES] for formula in formulas]
            pool.update(beam)
            if OR in self._kinds and length > 3:
                pool.update(self.climbed(self._second(out[length - 3][0]), self.moved))
            finalists = sorted(pool, key=self._rank)[:FINALISTS]
            out.append(self.climbed(finalists, partial(self._edited, most=length)))
        return out

    def _second(self, first: Formula) -> list[Formula]:
        """Return `first` OR a pair of conditions that selects best among those it leaves: no single one may gain."""
        left = np.flatnonzero(~self._selected(first))
        belongs = self._groups[0][left]
        if belongs.all() or not belongs.any():
            return []
        rest = _ClassSearch(self._search, self._table.rows(left), belongs, self._weight, kinds=(AND,))
        return [joined(OR, (first, pair)) for pair in rest.run(2)[-1]]

    def climbed(self, formulas: Iterable[Formula], neighbours: Neighbours) -> list[Formula]:
        """Return where steepest ascent over `neighbours` ends from each of `formulas`, best first."""
        return sorted({self._climb(each, neighbours) for each in formulas}, key=self._rank)

    def moved(self, formula: Formula) -> dict[Formula, float]:
        """Return `formula` with the bounds of one condition moved to where they are best, for each condition."""
        return _merged(self._filled(context, column=taken[1]) for taken, context in opened(formula))

    def _added(self, formula: Formula, count: int = 1) -> dict[Formula, float]:
        return _merged(self._filled(context, count) for context in dict.fromkeys(grown(formula, self._kinds)))

    def _edited(self, formula: Formula, most: int) -> dict[Formula, float]:
        """Return `formula` with one condition dropped, replaced, moved or added, each in the best way."""
        contexts = [context for _, context in opened(formula)]
        out = _merged(map(self._filled, contexts))
        out |= {rest: self._score(rest) for rest in map(closed, contexts) if rest is not None}
        return out | self._added(formula) if size(formula) < most else out

    def _climb(self, formula: Formula, neighbours: Neighbours) -> Formula:
        while True:
            around = neighbours(formula)
            best = min(around, key=lambda f: (-around[f], f), default=formula)
            if around.get(best, -np.inf) <= self._score(formula) + 1e-12:
                return formula
            formula = best

    def _rank(self, formula: Formula) -> tuple[float, int, Formula]:
        return -self._score(formula), size(formula), formula

    def _score(self, formula: Formula) -> float:
        if formula not in self._scores:
            inside = self._selected(formula)
            hits, others = (np.count_nonzero(inside & group) for group in self._groups)
            f1 = 2 * hits / (self._total + hits + self._weight * others)
            self._scores[formula] = float(f1) - self._cost(formula)
        return self._scores[formula]

    def _cost(self, formula: Formula) -> float:
        return sum(self._costs[each] for each in intervals(formula))

    def _selected(self, formula: Formula, hole: bool = False) -> NDArray[np.bool_]:
        """Return who `formula` selects, where its hole says the same of everyone."""
        if formula[0] != LEAF:
            parts = [self._selected(part, hole) for part in formula[1:]]
            return np.asarray((np.logical_and if formula[0] == AND else np.logical_or).reduce(parts))
        if formula == HOLE:
            return np.full(len(self._flat), hole)
        if formula not in self._within:
            self._within[formula] = self._table.within(formula)
        return self._within[formula]

    def _filled(self, context: Formula, count: int = 1, column: int | None = None) -> dict[Formula, float]:
        """Return `context` with each of the best `count` intervals in its hole (on one column), with their scores."""
        if (context, column) not in self._ranked:
            self._ranked[context, column] = self._intervals(context, column)
        out: dict[Formula, float] = {}
        for score, interval in self._ranked[context, column]:
            formula = filled(context, interval)
            if not repeats(formula):
                out[formula] = score
                if len(out) == count:
                    break
        return out

    def _intervals(self, context: Formula, column: int | None) -> list[tuple[float, Formula]]:
        """Return, per column (or for one), the best of each kind of interval in the hole of `context`, best first."""
        every = self._choices
        columns = slice(0, len(every.groups)) if column is None else slice(column, column + 1)
        kinds = [kind for groups in every.groups[columns] for kind in groups]
        first, among = kinds[0].start, slice(kinds[0].start, kinds[-1].stop)
        always = self._selected(context, hole=False)
        decided = self._selected(context, hole=True) & ~always
        starts, ends = every.starts[among], every.ends[among]

        def gained(group: NDArray[np.bool_]) -> NDArray[np.int64]:
            counts = self._cumulated(decided & group, columns)
            return np.count_nonzero(always & group) + (counts[ends] - counts[starts])

        hits, others = map(gained, self._groups)
        score = 2 * hits / (self._total + hits + self._weight * others) - every.cost[among]
        fixed = self._cost(context)
        best = [int(score[kind.start - first : kind.stop - first].argmax()) + kind.start - first for kind in kinds]
        found = ((float(score[i]) - fixed, every.intervals[first + i]) for i in best)
        return sorted(found, key=lambda each: (-each[0], each[1]))

    def _cumulated(self, chosen: NDArray[np.bool_], columns: slice) -> NDArray[np.int64]:
        """Return how many of `chosen` lie before each cell, `width` + 1 numbers a column; 0 for columns left out."""
        width = self._table.width
        cells = self._flat[:, columns][chosen].ravel()
        counts = np.bincount(cells, minlength=columns.stop * width)[columns.start * width :]
        out = np.zeros((len(self._table.thresholds), width + 1), dtype=np.int64)
        np.cumsum(counts.reshape(-1, width), axis=1, out=out[columns, 1:])
        return out.ravel()


def _merged(found: Iterable[dict[Formula, float]]) -> dict[Formula, float]:
    return {formula: score for each in found for formula, score in each.items()}
