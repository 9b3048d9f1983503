"""What to do with a segment: silence twice in a row retires, smallness never does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.compare.verdict import Seen, verdict
from discovery.core.evidence import Evidence, Verdict
from discovery.core.review import Action
from discovery.core.settings_review import ReviewSettings

ASKED = ReviewSettings()


def response(came_out: Verdict) -> Evidence:
    reason = f"Came out {came_out}."
    value = None if came_out is Verdict.NOT_TESTED else 0.0
    return Evidence("kmeans", ("a",), "campaign", "measurable_response", value, None, None, 0.01, came_out, reason)


def seen(came_out: Verdict, **told: object) -> Seen:
    plain = Seen(False, False, response(came_out), "", 0, 3, 0.1, "", {}, "")
    return replace(plain, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given_", "action", "words"),
    [
        (seen(Verdict.PASS), Action.KEEP, "PASS"),
        (seen(Verdict.NOT_TESTED), Action.TOO_SMALL_TO_TELL, "NOT_TESTED"),
        (seen(Verdict.FAIL, silent_reviews=1), Action.WATCH, "review 1 of 2"),
        (seen(Verdict.FAIL, silent_reviews=2), Action.RETIRE, "2 reviews in a row"),
        (seen(Verdict.FAIL, silent_reviews=2, part="4% click."), Action.REDEFINE, "But 4% click."),
        (seen(Verdict.FAIL, silent_reviews=2, merge={"“B”": "alike"}), Action.RETIRE, "in a row"),
        (seen(Verdict.PASS, merge={"“B”": "Alike."}), Action.MERGE, "With “B”: Alike."),
        (seen(Verdict.FAIL, silent_reviews=1, merge={"“B”": "Alike."}), Action.MERGE, "Alike"),
        (seen(Verdict.NOT_TESTED, born=True), Action.WATCH, "It is new"),
        (seen(Verdict.PASS, died=True, went="40 of its 50 are in “B” now."), Action.REDEFINE, "40 of its 50"),
        (seen(Verdict.FAIL, died=True, silent_reviews=2), Action.RETIRE, "in a row"),
        (seen(Verdict.PASS, age_months=7), Action.KEEP, "7 months old"),
        (seen(Verdict.PASS, age_months=13), Action.KEEP, "13 months old"),
        (seen(Verdict.PASS, age_months=13, drifted=0.6), Action.REDEFINE, "60% of its features drifted"),
        (seen(Verdict.NOT_TESTED, age_months=13), Action.REDEFINE, "Nothing shows"),
        (seen(Verdict.PASS, retired="Ana retired it: no stock"), Action.RETIRE, "Ana"),
    ],
)
def test_the_first_rule_that_speaks_decides(given_: Seen, action: Action, words: str) -> None:
    found, reason = verdict(given_, ASKED)
    assert found is action
    assert words in reason


@given(
    st.sampled_from([Verdict.PASS, Verdict.NOT_TESTED]),
    st.booleans(),
    st.integers(0, 40),
    st.floats(0, 1),
    st.sampled_from(["", "4% click."]),
)
def test_nothing_but_silence_or_people_retires(
    came_out: Verdict, died: bool, age: int, drifted: float, part: str
) -> None:
    told = seen(came_out, died=died, age_months=age, drifted=drifted, part=part)
    assert verdict(told, ASKED)[0] is not Action.RETIRE


@given(st.integers(1, 6), st.integers(1, 6), st.booleans())
def test_a_segment_is_retired_when_it_was_silent_often_enough_and_not_before(
    silent: int, needed: int, died: bool
) -> None:
    found, _ = verdict(seen(Verdict.FAIL, silent_reviews=silent, died=died), replace(ASKED, silent_reviews=needed))
    assert (found is Action.RETIRE) == (silent >= needed)
