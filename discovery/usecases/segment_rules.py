"""Rules as what a run keeps of them: whom they select, and the rule that stands for each segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from discovery.core.feature import Feature, FeatureTable
from discovery.core.rule import Rule
from discovery.core.run import LibraryRule, SegmentRule
from discovery.core.segment import Segmentation
from discovery.core.settings import RuleSettings
from discovery.export.english import sentence
from discovery.export.targets import EXPRESSIBLE
from discovery.rules.evaluate import membership, select
from discovery.rules.fidelity import fidelity, fidelity_interval
from discovery.rules.induce import induce
from discovery.rules.library import slug

#: A band or a prediction moves with the crowd it was learnt from: a rule a team sends by names what a customer did.
_NOT_IN_RULES = ("band", "predicted")


@dataclass(frozen=True, eq=False)
class Selected:
    """The rules of the library, and whom each selects: one boolean column per rule, one row per customer."""

    rules: tuple[LibraryRule, ...]
    members: pd.DataFrame


def selected_by(rules: Sequence[Rule], table: FeatureTable, features: Mapping[str, Feature], currency: str) -> Selected:
    """Return whom the rules select, each with its sentence and count."""
    members = membership({rule.name: rule.where for rule in rules}, table)
    counted = (
        LibraryRule(rule, sentence(rule.where, features, currency), int(members[rule.name].sum())) for rule in rules
    )
    return Selected(tuple(counted), members)


def written_rules(library: Sequence[Rule], features: Mapping[str, Feature], currency: str) -> tuple[SegmentRule, ...]:
    """Return the library's rules as the rules of the segments they make."""
    return tuple(
        SegmentRule("rules", replace(rule, segment_id=slug(rule.name)), sentence(rule.where, features, currency))
        for rule in library
    )


def induced_rules(
    segmentation: Segmentation,
    table: FeatureTable,
    features: Mapping[str, Feature],
    currency: str,
    settings: RuleSettings,
    seed: int,
) -> tuple[SegmentRule, ...]:
    """Return one rule per segment, induced on some customers and measured on the others.

    The unassigned count against a rule that selects them: a rule must hold in the tool that sends, where everyone is.
    """
    if segmentation.k < 2:
        return ()
    usable = [f for f in table.features if f.kind == "number" and f.human_step and f.aggregate not in _NOT_IN_RULES]
    learn, measure = _split(len(table), settings, seed)
    columns = table.reading(f.name for f in usable).items()
    frame = pd.DataFrame({n: column.iloc[learn] for n, column in columns if column.min() < column.max()})
    whole = [f.name for f in usable if f.unit not in ("money", "share", "times") and not f.name.endswith("gap_days")]
    found = induce(
        frame,
        segmentation.labels.iloc[learn],
        {f.name: f.human_step for f in usable},
        max_conditions=settings.max_conditions,
        penalty=settings.penalty,
        seed=seed,
        integer=[name for name in whole if name in frame],
        prices={f.name: settings.property_price for f in usable if not _told_by(settings.target, f)},
        exclusive=settings.exclusive,
    )
    out = []
    for segment in segmentation.placed:
        where = found.get(segment.id)
        if where is None:
            continue
        belongs = (segmentation.labels == segment.id).to_numpy()
        selected = select(where, table)
        measured = replace(
            fidelity(selected[measure], belongs[measure]),
            interval=fidelity_interval(selected[measure], belongs[measure]),
        )
        rule = Rule(segment.name, where, segment.why_named, segment_id=segment.id, fidelity=measured)
        out.append(SegmentRule(segmentation.name, rule, sentence(where, features, currency)))
    return tuple(out)


def _told_by(target: str, feature: Feature) -> bool:
    return not target or EXPRESSIBLE[target](feature)


def _split(customers: int, settings: RuleSettings, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    order = np.random.default_rng(seed).permutation(customers)
    held = max(1, round(settings.holdout_share * customers))
    return np.sort(order[held:][: settings.induce_rows]), np.sort(order[:held])
