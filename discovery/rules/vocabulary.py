"""What a rule may speak of: named features, the events and lists of the data, and measures stated in place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlglot import exp

from discovery.core.dataset import EVENT_NAMES
from discovery.core.errors import UsageError, did_you_mean
from discovery.core.feature import Feature
from discovery.rules.calls import read_call
from discovery.rules.nodes import Text


class Vocabulary(Mapping[str, Feature]):
    """Features by name; a measure stated in a rule is found by its own text.

    Parameters
    ----------
    features : mapping
        Those with a name.
    events : collection of str
        Names of events that may be asked for, beside those the toolkit knows.
    lists : collection of str
        Columns of the profile that hold lists.
    seasons : mapping
        Seasons of a config, with their days of the year.

    Examples
    --------
    >>> words = Vocabulary({}, events=["visited_pricing"])
    >>> words["events('visited_pricing', days => 7)"].window
    7
    >>> len(words)
    0
    """

    def __init__(
        self,
        features: Mapping[str, Feature],
        events: Collection[str] = (),
        lists: Collection[str] = (),
        seasons: Mapping[str, str] | None = None,
    ) -> None:
        self._features = dict(features)
        self._events = (*EVENT_NAMES, *(e for e in events if e not in EVENT_NAMES))
        self._lists = tuple(lists)
        self._seasons = seasons or {}

    def __getitem__(self, name: str) -> Feature:
        found = self._features.get(name)
        if found is None and name.endswith(")"):
            text = Text(name)
            found = self.call(text, text.condition())
        if found is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and bool(self[name])
        except (KeyError, UsageError):
            return False

    def with_named(self, features: Iterable[Feature]) -> Vocabulary:
        """Return the vocabulary that lists `features` by name too."""
        named = self._features | {f.name: f for f in features}
        return Vocabulary(named, self._events, self._lists, self._seasons)

    def __iter__(self) -> Iterator[str]:
        return iter(self._features)

    def __len__(self) -> int:
        return len(self._features)

    def named(self, name: str) -> Feature:
        """Return the feature called `name`, or raise with the nearest known name."""
        if name not in self:
            raise UsageError(f"Unknown feature {name!r}. {did_you_mean(name, self._features)}")
        return self[name]

    def call(self, text: Text, node: exp.Expr) -> Feature:
        """Return the measure a call in a rule states."""
        return read_call(text, node, self._features, self._events, self._lists, self._seasons)
