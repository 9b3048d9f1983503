"""What a review says of each segment: how many it has, what answers, and what to do with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd

from discovery.compare.verdict import Seen, months_between, verdict
from discovery.core.decision import DecisionKind
from discovery.core.evidence import Evidence, MergeDecision, Verdict
from discovery.core.many import many
from discovery.core.review import SegmentReview
from discovery.core.segment import UNASSIGNED, Segment
from discovery.core.settings import Settings
from discovery.usecases.chain import Compared, Decided
from discovery.usecases.decided import unique_names
from discovery.validate.answering import CHECK, Answered


def segment_reviews(
    compared: Compared,
    answered: Mapping[str, Answered],
    drifted: pd.DataFrame,
    decided: Decided,
    labels: pd.Series,
    fresh: pd.Series,
    settings: Settings,
) -> Iterator[SegmentReview]:
    """Yield the segments of before in their order, then those that were born."""
    then = {compared.kept[s.id]: s for s in compared.then.placed}
    today = {compared.given[s.id]: s for s in compared.today.placed}
    said = {i: d.value for (kind, i), d in decided.items() if kind is DecisionKind.NAME}
    names = unique_names({i: s.name for i, s in (then | today).items()}, said)
    merges = _merges(compared)
    share = drifted.groupby("segment_id")["drifted"].mean().to_dict()
    ranks = _ranks(compared, then, today)
    rules = {r.rule.segment_id: r.rule.campaign for r in compared.now.rules if r.segmentation == compared.today.name}
    for i in dict.fromkeys((*then, *today)):
        was, now, known = then.get(i), today.get(i), compared.known.get(i)
        found = answered[was.id] if was else Answered(_unborn(compared.today.name, i))
        response = replace(found.evidence, subject=(i,))
        silences = (known.silent_reviews if known else 0) + 1 if response.verdict is Verdict.FAIL else 0
        since = known.since if known else compared.before.as_of if was else compared.now.as_of
        retired = decided.get((DecisionKind.RETIRE, i))
        alike = merges.get(i, {})
        age = months_between(since, compared.now.as_of)
        seen = Seen(
            born=was is None,
            died=now is None,
            response=response,
            part=found.part,
            silent_reviews=silences,
            age_months=age,
            drifted=share.get(i, float("nan")),
            went="" if now else _went(labels, fresh, i, names),
            merge={f"“{names[j]}”": why for j, why in alike.items()},
            retired=f"{retired.who} retired it: {retired.value}" if retired and retired.value else "",
        )
        action, reason = verdict(seen, settings.review)
        planned = decided.get((DecisionKind.CAMPAIGN, i))
        yield SegmentReview(
            segment_id=i,
            id_now=now.id if now else "",
            name=names[i],
            rank=ranks[i],
            size_before=was.size if was else 0,
            size_now=now.size if now else 0,
            action=action,
            reason=reason,
            response=response,
            silent_reviews=silences,
            since=since,
            age_months=age,
            campaign=planned.value if planned else rules.get(now.id, "") if now else "",
            merge_with=tuple(alike),
        )


def _merges(compared: Compared) -> dict[str, dict[str, str]]:
    """Return, by segment, those that the run of now says are one with it, and why."""
    out: dict[str, dict[str, str]] = {}
    for each in compared.now.merges:
        if each.segmentation == compared.today.name and each.decision is MergeDecision.MERGE:
            a, b = (compared.given[i] for i in each.pair)
            out.setdefault(a, {})[b] = each.reason
            out.setdefault(b, {})[a] = each.reason
    return out


def _ranks(compared: Compared, then: Mapping[str, Segment], today: Mapping[str, Segment]) -> dict[str, int]:
    """Return the place of each segment among the colours: the one it had, or the first that is free."""
    ranks = {i: compared.known[i].rank if i in compared.known else s.rank for i, s in then.items()}
    for i in today:
        if i not in ranks:
            ranks[i] = next(n for n in range(len(ranks) + 1) if n not in ranks.values())
    return ranks


def _unborn(segmentation: str, segment_id: str) -> Evidence:
    reason = "It was not there yet, so nothing could be sent to it."
    return Evidence(segmentation, (segment_id,), "response", CHECK, None, None, None, None, Verdict.NOT_TESTED, reason)


def _went(labels: pd.Series, fresh: pd.Series, segment_id: str, names: Mapping[str, str]) -> str:
    """Return where most customers of a segment are now."""
    members = labels.index[labels == segment_id].intersection(fresh.index)
    places = fresh.loc[members].value_counts()
    if places.empty:
        return "None of its customers are known now."
    where = str(places.index[0])
    name = "no segment" if where == UNASSIGNED else f"“{names[where]}”"
    went = int(places.iloc[0])
    of = many(int((labels == segment_id).sum()), "customer")
    return f"{went:,} of its {of} {'is' if went == 1 else 'are'} in {name} now."
