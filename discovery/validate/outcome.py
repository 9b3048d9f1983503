"""What customers did after the date: the forward window that response is measured in."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from discovery.core.question import Outcome


@dataclass(frozen=True, eq=False)
class ForwardWindow:
    """Each customer's response in the days from ``as_of`` on.

    Parameters
    ----------
    days : int
        Its length; 0 where the data do not reach past ``as_of``.
    responses : DataFrame
        One row per customer: ``ordered`` (bool), ``revenue`` (money, net) and ``clicked`` (bool).
    outcome : str
        The column that the business question is about.
    currency : str
        Of revenue.
    """

    days: int
    responses: pd.DataFrame
    outcome: Outcome
    currency: str

    @property
    def rate_column(self) -> str:
        """The yes-or-no response: of revenue it is having ordered."""
        return "ordered" if self.outcome == "revenue" else self.outcome

    @property
    def rate_words(self) -> str:
        """What a customer who responded did."""
        return "clicked" if self.rate_column == "clicked" else "ordered"
