"""One customer explained: why they are in their segment, which is next, and what would move them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from discovery.core.errors import WorkspaceError
from discovery.core.run import Run
from discovery.core.segment import UNASSIGNED, Segment, Segmentation
from discovery.export.english import sentence
from discovery.profile.amounts import amount
from discovery.profile.naming import traits
from discovery.rules.explain import Standing, Stated, standings
from discovery.rules.parse import parse

_WHY = 3


@dataclass(frozen=True)
class Explanation:
    """Why a customer is in their segment, which is next, and what would move them there.

    Parameters
    ----------
    customer_id, segmentation, segment_id, segment_name : str
        Who, and where they are.
    strength : float
        0 to 1: how clearly they belong.
    next_segment_id, next_segment_name : str
        Where they would be next; empty where there is no other segment.
    why : tuple of str
        Sentences: what of theirs is as in their segment, beside everyone, and what is not.
    move : tuple of str
        Sentences: the fewest conditions that would have to change for the rule of the next segment.
    standings : tuple of Standing
        How they stand to the rule of every segment that has one, those that want the fewest changes first.
    """

    customer_id: str
    segmentation: str
    segment_id: str
    segment_name: str
    strength: float
    next_segment_id: str
    next_segment_name: str
    why: tuple[str, ...]
    move: tuple[str, ...]
    standings: tuple[Standing, ...]


def explain_customer(run: Run, customer_id: str, segmentation: str = "") -> Explanation:
    """Return why a customer is in their segment, which is next, and what would move them there.

    Parameters
    ----------
    run : Run
        Whose segments.
    customer_id : str
        Exactly as the data give it.
    segmentation : str
        Such as ``kmeans``; empty: the recommended one.

    Returns
    -------
    Explanation
        Sentences, and how the customer stands to the rule of every segment that has one.

    Raises
    ------
    WorkspaceError
        If nobody of that id was known at the run's date, or there is no such segmentation.

    Notes
    -----
    What would move a customer is what the rules ask for: a description, and no promise that acting on it works.

    Examples
    --------
    >>> import discovery
    >>> run = discovery.load_run(discovery.open_workspace("work"))
    >>> someone = run.segmentation("rules").members("one-and-done")[0]
    >>> found = discovery.explain_customer(run, someone, "rules")
    >>> found.segment_name, found.strength, len(found.why) > 0
    ('One-and-done', 1.0, True)
    """
    found = run.segmentation(segmentation or run.recommended)
    if customer_id not in found.labels.index:
        raise WorkspaceError(f"No customer {customer_id!r} was known at {run.as_of}. Check the id; ids are exact.")
    rules = {r.rule.segment_id: r.rule.where for r in run.rules if r.segmentation == found.name}
    stand = standings(rules, run.table, customer_id)
    mine = found.segment(str(found.labels[customer_id]))
    following = _next(found, mine, stand, customer_id)
    return Explanation(
        customer_id,
        found.name,
        mine.id,
        mine.name,
        float(found.strength[customer_id]),
        following.id if following else "",
        following.name if following else "",
        _why(run, found, mine, stand, customer_id),
        _move(run, found, mine, following, stand),
        stand,
    )


def _next(found: Segmentation, mine: Segment, stand: tuple[Standing, ...], customer_id: str) -> Segment | None:
    """Return the second nearest segment where it is known, else that whose rule wants the fewest changes."""
    known = "" if found.next_labels is None else str(found.next_labels[customer_id])
    if known:
        return found.segment(known)
    others = [s.segment_id for s in stand if s.segment_id != mine.id] + [s.id for s in found.placed if s != mine]
    return found.segment(others[0]) if others else None


def _why(
    run: Run, found: Segmentation, mine: Segment, stand: tuple[Standing, ...], customer_id: str
) -> tuple[str, ...]:
    if mine.id == UNASSIGNED:
        return (f"They are in no segment: {found.unassigned_reason}.",)
    if found.model.get("kind") == "rules":
        own = next(s for s in stand if s.segment_id == mine.id)
        return tuple(f"Its rule asks for {_asked(run, stated)}." for stated in own.met)
    like: list[str] = []
    unlike: list[str] = []
    for trait in traits(run.table, mine.profile):
        feature, of = run.table.feature(trait.what), mine.profile[trait.what]
        value = float(run.table.column(feature.name).loc[[customer_id]].iloc[0])
        own_value, median, everyone = (amount(x, feature, run.currency) for x in (value, of.median, of.everyone))
        told = f"{feature.label}: {own_value}; the segment's median is {median}, everyone's {everyone}."
        if not math.isnan(value):
            (like if (value - of.everyone) * of.effect > 0 else unlike).append(told)
    return (
        *(told[0].upper() + told[1:] for told in like[:_WHY]),
        *(f"Unlike most of the segment, {told}" for told in unlike[:1]),
    ) or ("No feature sets their segment apart from everyone.",)


def _move(
    run: Run, found: Segmentation, mine: Segment, following: Segment | None, stand: tuple[Standing, ...]
) -> tuple[str, ...]:
    if following is None:
        return ()
    there = next((s for s in stand if s.segment_id == following.id), None)
    if there is None:
        return (f"No rule states who is in “{following.name}”, so nothing says what would move them.",)
    told = [f"“{following.name}” asks for {_asked(run, stated)}." for stated in there.wanting]
    if found.model.get("kind") == "rules" and -1 < mine.rank < following.rank:
        told.append(f"“{mine.name}” is asked first: its rule would have to let go of them.")
    return tuple(told) or (f"The rule of “{following.name}” selects them already; they are nearer to their own.",)


def _asked(run: Run, stated: Stated) -> str:
    """Return one condition in words, with the customer's own value."""
    known = {f.name: f for f in run.table.features}
    words = sentence(parse(stated.text, known), known, run.currency)
    own = amount(stated.value, known[stated.feature], run.currency)
    return f"{words.removeprefix('Customers with ').removesuffix('.')} (theirs: {own})"
