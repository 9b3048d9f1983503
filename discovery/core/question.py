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


#: What is asked of data that hold no orders, whatever the config says of orders.
KINDS = BusinessQuestion("kinds", "What kinds of customers are there?", "ordered", "", "left out by no condition")


def question_named(name: str, ordered: bool = True) -> tuple[BusinessQuestion, str]:
    """Return the question of a config and the sentence to print; without a name it is ``repeat``, and that is said.

    Where the data hold no orders (`ordered` is False) only the kinds of customers can be asked for, and that is said.

    Examples
    --------
    >>> question_named("")[1]
    'Who orders again, and what of? (No question was asked in the config: this is the default.)'
    >>> question_named("churn", ordered=False)[1]
    'What kinds of customers are there? (The data hold no orders, so nothing else can be asked.)'
    """
    if not ordered and name != "engagement":
        return KINDS, f"{KINDS.sentence} (The data hold no orders, so nothing else can be asked.)"
    found = QUESTIONS[name or "repeat"]
    if name:
        return found, found.sentence
    return found, f"{found.sentence} (No question was asked in the config: this is the default.)"
