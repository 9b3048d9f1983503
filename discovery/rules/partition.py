"""Rules that never overlap and leave nobody out: a small tree, fitted to the fidelity of each class's rule."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from discovery.rules.estimator import check_parameters, named_columns, offered_thresholds, whole_columns
from discovery.rules.rounding import thresholds
from discovery.rules.tree import Node, Path, Split, answers, conditions, nodes, phrased, replaced, rule_of

#: Splits of a node that are looked at in turn, the most promising first.
TRIED = 3
#: What a node weighs: below any difference in F1 that matters, so that splits which say nothing go.
NODE_WEIGHT = 1e-6


class PartitionInducer(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Learns one rule of at most `max_conditions` readable conditions per class, so that each customer meets one rule.

    A tree of thresholds people use grows where it tells the classes apart best. Then each node in turn is given a
    class, one of its sides or another split where that raises the mean F1 of the classes, less `penalty` for each
    condition of their rules, until nothing gains. A class's rule is the union of its leaves, simplified.

    Parameters
    ----------
    max_conditions : int, at least 1
        Most conditions in a rule. A band of whole numbers is one condition, any other band two.
    penalty : float, at least 0
        F1 of its class that a further condition must gain.
    steps, integer
        As in `discovery.rules.estimator.RuleInducer`.
    random_state : int or None
        Accepted so that every estimator is given its seed alike; nothing is drawn.

    Attributes
    ----------
    classes_ : array of shape (classes,)
        In sorted order.
    tree_ : Node
        See `discovery.rules.tree`.
    rules_ : tuple of Condition or None
        One per class, in the order of ``classes_``; None for a class that has no leaf, or all of them.
    n_features_in_, feature_names_in_
        As in every scikit-learn estimator.

    Notes
    -----
    Only columns that are known for everyone at a node split it, so that a rule is never unknown for a customer it was
    fitted on. One who lacks such a value later is predicted as if it were high, and may meet no rule.

    Source
    ------
    Carreira-Perpinan & Tavallali (2018), Alternating optimization of decision trees, NeurIPS 31.

    Examples
    --------
    >>> orders = np.repeat([1.0, 2.0, 5.0, 9.0], 25)[:, None]
    >>> found = PartitionInducer(integer=[0]).fit(orders, np.repeat(["new", "repeat", "loyal", "loyal"], 25))
    >>> for label, rule in zip(found.classes_, found.rules_): print(label, rule)
    loyal Compare(feature='x0', sign='>=', value=3)
    new Compare(feature='x0', sign='<', value=2)
    repeat Compare(feature='x0', sign='=', value=2)
    """

    def __init__(
        self,
        max_conditions: int = 4,
        penalty: float = 0.004,
        steps: Mapping[Any, Sequence[float]] | Sequence[Sequence[float] | None] | None = None,
        integer: Collection[Any] | None = None,
        random_state: int | None = None,
    ) -> None:
        self.max_conditions = max_conditions
        self.penalty = penalty
        self.steps = steps
        self.integer = integer
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> PartitionInducer:
        """Return this inducer, fitted; the parameters are those of `RuleInducer.fit`."""
        table, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        check_parameters(self.max_conditions, self.penalty)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        whole = whole_columns(self)
        self._thresholds = [
            thresholds(table[:, i], offered, whole=whole[i])
            for i, offered in enumerate(offered_thresholds(self, table))
        ]
        growth = _Growth(
            self._codes(table),
            np.isnan(table),
            codes,
            [len(cuts) for cuts in self._thresholds],
            whole,
            self.max_conditions,
            self.penalty,
        )
        # Classes weighed alike, or customers: neither start is better on all data.
        starts = [1 / growth.sizes, np.full(len(self.classes_), 1 / len(table))]
        self.tree_ = max((growth.improved(growth.grown(each)) for each in starts), key=lambda t: growth.score(t)[0])
        names = list(named_columns(self, table))
        found = [rule_of(self.tree_, label) for label in range(len(self.classes_))]
        self.rules_ = tuple(
            None if isinstance(rule, bool) else phrased(rule, names, self._thresholds, whole) for rule in found
        )
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Return one class per row, shape (n,): that of the leaf it comes to."""
        check_is_fitted(self)
        table = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        chosen: NDArray[Any] = self.classes_[answers(self.tree_, self._codes(table))]
        return chosen

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _codes(self, table: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return how many thresholds each value reaches."""
        return np.column_stack([np.searchsorted(cuts, table[:, i], "right") for i, cuts in enumerate(self._thresholds)])


@dataclass(frozen=True)
class _Candidate:
    """A split of a node by how much it promises, and the classes of its two sides."""

    gain: float
    column: int
    cut: int
    classes: tuple[int, int]


@dataclass(frozen=True)
class _Growth:
    """Grows and improves a tree on coded values."""

    codes: NDArray[np.int64]
    missing: NDArray[np.bool_]
    labels: NDArray[np.int64]
    cuts: Sequence[int]
    whole: Sequence[bool]
    most: int
    penalty: float

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Customers per class."""
        return np.bincount(self.labels)

    def grown(self, weights: NDArray[np.float64]) -> Node:
        """Return a tree grown split by split, the most telling first, as far as the rules stay short enough.

        A split tells as much as it lowers the Gini impurity of the classes, each with its weight.
        """
        tree: Node = 0
        everyone = np.arange(len(self.labels))
        open_nodes: dict[Path, tuple[NDArray[np.int64], list[_Candidate]]] = {
            (): (everyone, self._candidates(everyone, weights))
        }
        while len(open_nodes) < self.most * len(self.sizes):
            waiting = {path: found[0] for path, (_, found) in open_nodes.items() if found}
            if not waiting:
                break
            path = min(waiting, key=lambda each: (-waiting[each].gain, each))
            best = waiting[path]
            rows, others = open_nodes[path]
            trial = replaced(tree, path, Split(best.column, best.cut, *best.classes))
            if max(self._conditions(trial)) > self.most:
                open_nodes[path] = rows, others[1:]
                continue
            tree = trial
            del open_nodes[path]
            low = self.codes[rows, best.column] <= best.cut
            for side, inside in ((True, rows[low]), (False, rows[~low])):
                open_nodes[(*path, side)] = inside, self._candidates(inside, weights)
        return tree

    def improved(self, tree: Node) -> Node:
        """Return where changing one node at a time ends, nodes below before those above, until nothing gains."""
        score, worth = self.score(tree)
        before = -np.inf
        while score > before:
            before = score
            for path in [each for each, _ in nodes(tree)]:
                for node in self._changes(tree, path, worth):
                    trial = replaced(tree, path, node)
                    found = self.score(trial)
                    if found[0] > score + 1e-9:
                        tree, (score, worth) = trial, found
                        break
        return tree

    def _changes(self, tree: Node, path: Path, worth: NDArray[np.float64]) -> Iterator[Node]:
        """Yield other nodes for `path`: a class, its sides, and splits that send each customer where it is worth more.

        `worth` is what an answer (column) adds to the mean F1 for a customer of a class (row), to first order.
        """
        node, rows = tree, np.arange(len(self.labels))
        for side in path:
            if not isinstance(node, Split):
                return
            low = self.codes[rows, node.column] <= node.cut
            node, rows = (node.low, rows[low]) if side else (node.high, rows[~low])
        yield int(worth[self.labels[rows]].sum(axis=0).argmax())
        if not isinstance(node, Split):
            return
        yield node.low
        yield node.high
        codes, labels = self.codes[rows], self.labels[rows]
        gain = worth[labels, answers(node.low, codes)] - worth[labels, answers(node.high, codes)]
        found = []
        for column in self._known(rows):
            total = np.cumsum(np.bincount(codes[:, column], gain, self.cuts[column] + 1))[:-1]
            found.append((-float(total.max()), column, int(total.argmax())))
        for _, column, cut in sorted(found)[:TRIED]:
            if (column, cut) != (node.column, node.cut):
                yield Split(column, cut, node.low, node.high)

    def score(self, tree: Node) -> tuple[float, NDArray[np.float64]]:
        """Return the penalised mean F1 of `tree`, and the worth of each answer; -inf where it must not be."""
        shares = self._conditions(tree)
        sizes = self.sizes
        given = np.empty_like(self.labels)
        if max(shares) > self.most or not self._given(tree, np.arange(len(given)), given):
            return -np.inf, np.empty(0)
        hits = np.bincount(self.labels[given == self.labels], minlength=len(sizes))
        both = np.bincount(given, minlength=len(sizes)) + sizes
        f1 = 2 * hits / both
        worth = np.diag(2 / both) - f1 / both
        nodes_cost = NODE_WEIGHT * sum(1 for _ in nodes(tree))
        return float(f1.mean() - self.penalty * np.mean(shares) - nodes_cost), worth

    def _conditions(self, tree: Node) -> list[int]:
        return [conditions(rule_of(tree, label), self.whole) for label in range(len(self.sizes))]

    def _given(self, tree: Node, rows: NDArray[np.int64], given: NDArray[np.int64]) -> bool:
        """Write the classes of `rows` into `given`; False where a leaf is empty, or a value that splits is missing."""
        if not len(rows):
            return False
        if not isinstance(tree, Split):
            given[rows] = tree
            return True
        if self.missing[:, tree.column].any() and self.missing[rows, tree.column].any():
            return False
        low = self.codes[rows, tree.column] <= tree.cut
        return self._given(tree.low, rows[low], given) and self._given(tree.high, rows[~low], given)

    def _known(self, rows: NDArray[np.int64]) -> list[int]:
        """Return the columns with thresholds that are known for each of `rows`."""
        known = np.asarray(~self.missing[rows].any(axis=0))
        return [i for i, cuts in enumerate(self.cuts) if cuts and known[i]]

    def _candidates(self, rows: NDArray[np.int64], weights: NDArray[np.float64]) -> list[_Candidate]:
        """Return the best splits of `rows`, up to `TRIED` a column, the most telling first."""
        labels, count = self.labels[rows], len(self.sizes)
        found = []
        for column in self._known(rows):
            cells = self.codes[rows, column] * count + labels
            counts = np.bincount(cells, minlength=(self.cuts[column] + 1) * count).reshape(-1, count) * weights
            low = np.cumsum(counts, axis=0)
            total, low = low[-1], low[:-1]
            gain = _purity(low) + _purity(total - low) - _purity(total)
            for cut in np.argsort(-gain, kind="stable")[:TRIED]:
                if gain[cut] > 1e-12:
                    classes = int(low[cut].argmax()), int((total - low[cut]).argmax())
                    found.append(_Candidate(float(gain[cut]), column, int(cut), classes))
        return sorted(found, key=lambda each: (-each.gain, each.column, each.cut))


def _purity(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of squares over the sum, along the last axis: what Gini impurity takes from the sum."""
    return np.asarray((counts**2).sum(axis=-1) / np.maximum(counts.sum(axis=-1), 1e-300))
