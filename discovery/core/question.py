"""The business question that segments serve: what response is, and who is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["ordered", "revenue", "clicked"]


@dataclass(frozen=True)
class BusinessQuestion:
    """A question a team asks of its customers.

    Parameters
    ----------
    name : str
        As a config names it.
    sentence : str
        As a report prints it.
    outcome : str
        What response is measured on in the forward window.
    population : str
        Rule text: who is looked at; the others stay unassigned.
    population_words : str
        Why the others are left out.
    features : tuple of str
        Leading features to cluster on; none: the catalogue's default set.
    """

    name: str
    sentence: str
    outcome: Outcome
    population: str
    population_words: str
    features: tuple[str, ...] = ()


_NEVER_ORDERED = "never ordered before the date"

QUESTIONS: Mapping[str, BusinessQuestion] = {
    q.name: q
    for q in (
        BusinessQuestion(
            "repeat",
            "Who orders again, and what of?",
            "ordered",
            "orders >= 1",
            _NEVER_ORDERED,
        ),
        BusinessQuestion(
            "churn",
            "Which repeat customers are we about to lose?",
            "ordered",
            "orders >= 2",
            "ordered fewer than two times",
        ),
        BusinessQuestion(
            "onboarding",
            "Which first-time buyers come back?",
            "ordered",
            "orders = 1",
            "ordered never, or more than once",
            ("days_since_last_order", "revenue", "units_per_order", "distinct_products"),
        ),
        BusinessQuestion(
            "value",
            "Where does revenue come from, and where will it?",
            "revenue",
            "orders >= 1",
            _NEVER_ORDERED,
        ),
        BusinessQuestion(
            "engagement",
            "Who answers our messages?",
            "clicked",
            "emails_received_90d >= 1",
            "received no e-mail in the last 90 days",
            ("clicks_90d", "product_views_90d", "orders_365d", "emails_received_90d"),
        ),
    )
}


def question_named(name: str) -> tuple[BusinessQuestion, str]:
    """Return the question of a config and the sentence to print; without a name it is ``repeat``, and that is said.

    Examples
    --------
    >>> question_named("")[1]
    'Who orders again, and what of? (No question was asked in the config: this is the default.)'
    """
    found = QUESTIONS[name or "repeat"]
    return (
        found,
        found.sentence if name else f"{found.sentence} (No question was asked in the config: this is the default.)",
    )
