"""The proof: who a rule selects by our own evaluator, and by Klaviyo's definition of it in the interpreter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd
import zipcodes

from discovery.core.dataset import Dataset
from discovery.core.feature import Feature, FeatureTable
from discovery.core.rule import Condition, leaves
from discovery.engine.duckdb import Engine
from discovery.export.klaviyo.compile import Compiled, compile_rule
from discovery.export.klaviyo.measures import Known
from discovery.export.klaviyo.shapes import as_document
from discovery.rules.evaluate import select
from discovery.rules.vocabulary import Vocabulary
from discovery.usecases.klaviyo_export import known_to_klaviyo, property_values
from discovery.usecases.measuring import measure, vocabulary_of
from tests.export.klaviyo.account import Store
from tests.export.klaviyo.interpreter import members


class OwnName(dict[str, str]):
    """Metrics that bear their name for an id."""

    def __missing__(self, name: str) -> str:
        return name


BOSTON = zipcodes.matching("02108")[0]
PLACES = {("USA", "02108"): (float(BOSTON["lat"]), float(BOSTON["long"]))}


@dataclass(frozen=True, repr=False)
class Proof:
    """A store at a date, with every measure that the rules to be proved speak of."""

    table: FeatureTable
    words: Mapping[str, Feature]
    account: Store

    @cached_property
    def known(self) -> Known:
        return known_to_klaviyo(self.table, self.words)

    def selected(self, where: Condition) -> set[str]:
        return set(self.table.values.index[select(where, self.table)])

    def exported(self, where: Condition, **more: Any) -> tuple[Compiled, set[str]]:
        """Return the export, and whom its segments hold once its properties are written."""
        compiled = compile_rule(where, self.known, **more)
        account = self.account
        if compiled.properties:
            values = property_values(self.table, compiled.properties).add_prefix("property.")
            profiles = account.profiles.join(values, on="customer_id").astype("object")
            account = replace(account, profiles=profiles)
            # What happened is the same, and takes long to sort out.
            account.__dict__.update({n: getattr(self.account, n) for n in ("history", "lines")})
        return compiled, set().union(*(members(as_document(each), account) for each in compiled.definitions))


def proof_of(dataset: Dataset, known: Vocabulary, wheres: Iterable[Condition], names: Iterable[str] = ()) -> Proof:
    """Return the store at the end of its data, with what the conditions speak of."""
    asked = dict.fromkeys([*names, *(leaf.feature for where in wheres for leaf in leaves(where))])
    with Engine() as engine:
        table = measure(engine, dataset, dataset.data_end, tuple(asked), vocabulary=known).table
    profiles, events = (pd.read_parquet(path) for path in (dataset.profiles_path, dataset.events_path))
    return Proof(table, known, Store(profiles, events, dataset.data_end, OwnName(), places=PLACES))


def vocabulary(dataset: Dataset) -> Vocabulary:
    with Engine() as engine:
        return vocabulary_of(engine, dataset)
