"""What to do with a segment, and why: one rule after the other, the first that speaks decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from discovery.core.evidence import Evidence, Verdict
from discovery.core.review import Action
from discovery.core.settings_review import ReviewSettings


@dataclass(frozen=True)
class Seen:
    """What a verdict on one segment rests on.

    Parameters
    ----------
    born, died : bool
        It was not there before, or is not there now.
    response : Evidence
        Whether it answers.
    part : str
        A sentence on the part that does, where there is one.
    silent_reviews : int
        In a row, this one counted.
    age_months : int
        Full months since it was first seen.
    drifted : float
        Share of its features that drifted, 0 to 1; NaN where none was compared.
    went : str
        Where most of its customers are now, in words, where it died.
    merge : mapping
        Name of another segment to the reason why the two should be one.
    retired : str
        Who retired it and why, in words, where somebody did.
    """

    born: bool
    died: bool
    response: Evidence
    part: str
    silent_reviews: int
    age_months: int
    drifted: float
    went: str
    merge: Mapping[str, str]
    retired: str


def verdict(seen: Seen, settings: ReviewSettings) -> tuple[Action, str]:
    """Return what to do with a segment, and why.

    Notes
    -----
    In this order:

    1. *retire*: people retired it; or it was silent in as many reviews in a row as the settings say and no part of it
       clicks, whether it is still there or not.
    2. *redefine*: as silent, but a part of it clicks, which a narrower segment could hold; or it was not found again.
    3. *merge*: the evidence of the run of now says that it and another are one.
    4. *watch*: it was born, so nothing could be seen yet; or it was silent, but not often enough.
    5. *redefine*: it is very old, and most of its features drifted or nothing shows that it answers.
    6. *keep*: it responds.
    7. *too small to tell*.
    """
    action, reason = _decided(seen, settings)
    age = seen.age_months
    if action is not Action.RETIRE and not seen.died and age >= settings.old_months:
        reason = f"{reason} It is {age} months old: look whether it still says what it should."
    return action, reason


def _decided(seen: Seen, settings: ReviewSettings) -> tuple[Action, str]:
    said = seen.response.reason
    if seen.retired:
        return Action.RETIRE, seen.retired
    if seen.silent_reviews >= settings.silent_reviews:
        silent = f"{said} So it was in {seen.silent_reviews} reviews in a row."
        if seen.part:
            return Action.REDEFINE, f"{silent} But {seen.part[0].lower()}{seen.part[1:]} Find out who they are."
        return Action.RETIRE, f"{silent} Nothing else speaks for it."
    if seen.died:
        return Action.REDEFINE, f"It was not found again. {seen.went}".strip()
    if seen.merge:
        return Action.MERGE, " ".join(f"With {name}: {why}" for name, why in seen.merge.items())
    if seen.born:
        return Action.WATCH, "It is new: what is sent to it from now on is judged at the next review."
    if seen.response.verdict is Verdict.FAIL:
        times = f"review {seen.silent_reviews} of {settings.silent_reviews} without a response"
        return Action.WATCH, f"{said} This is {times} before it is retired."
    responds = seen.response.verdict is Verdict.PASS
    if seen.age_months >= settings.very_old_months:
        if seen.drifted >= settings.drifted_share:
            return Action.REDEFINE, f"{seen.drifted:.0%} of its features drifted beyond chance. {said}"
        if not responds:
            return Action.REDEFINE, f"Nothing shows that it still answers. {said}"
    return (Action.KEEP if responds else Action.TOO_SMALL_TO_TELL), said


def months_between(start: date, end: date) -> int:
    """Return full months from one day to another.

    Examples
    --------
    >>> months_between(date(2011, 1, 31), date(2011, 2, 28)), months_between(date(2010, 10, 1), date(2011, 10, 1))
    (0, 12)
    """
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
