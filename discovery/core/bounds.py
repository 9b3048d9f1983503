"""Bounds that are no settings: a word, or what a report hides, must mean the same whoever makes the report."""

from __future__ import annotations

#: Customers below which a group shows nothing about anyone: its rates are single people's, and are not shown.
SMALLEST = 10

#: Answers of one question that are told apart; a question with more is mostly free text.
MOST_ANSWERS = 30

#: Cliff's delta from which a difference is small, medium, large (Romano et al. 2006); below the first it is negligible.
SMALL, MEDIUM, LARGE = 0.147, 0.33, 0.474

#: Cohen's h from which a difference of two shares is small (Cohen 1988); below it is not worth a word.
SMALL_OF_SHARES = 0.2
