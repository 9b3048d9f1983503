"""How the tree of a partition grows on coded values, and is improved one node at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from discovery.rules.tree import Node, Path, Split, answers, conditions, nodes, replaced, rule_of

#: Splits of a node that are looked at in turn, the most promising first.
TRIED = 3
#: What a node weighs: below any difference in F1 that matters, so that splits which say nothing go.
NODE_WEIGHT = 1e-6


@dataclass(frozen=True)
class _Candidate:
    """A split of a node by how much it promises, and the classes of its two sides."""

    gain: float
    column: int
    cut: int
    classes: tuple[int, int]


@dataclass(frozen=True)
class Growth:
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
