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
        One row per customer: ``ordered`` (bool), ``revenue`` (money, net) and ``clicked`` (bool); ``stated`` (bool)
        where the config states what a response is.
    outcome : str
        The column that the business question is about.
    currency : str
        Of revenue.
    stated : str
        Event or property that the config states as the response, which then comes before the question's own.
    dated : bool
        False where `stated` is a property: it has no time, so it is no proof of what came after.
    """

    days: int
    responses: pd.DataFrame
    outcome: Outcome
    currency: str
    stated: str = ""
    dated: bool = True

    @property
    def seen(self) -> bool:
        """Whether the response of a customer is known."""
        return self.days > 0 or not self.dated

    @property
    def rate_column(self) -> str:
        """The yes-or-no response: of revenue it is having ordered."""
        if self.stated:
            return "stated"
        return "ordered" if self.outcome == "revenue" else self.outcome

    @property
    def by_customer(self) -> pd.DataFrame:
        """What each customer did, ``responded`` and ``revenue_after``; without a column where nothing was seen."""
        if not self.seen:
            return pd.DataFrame(index=self.responses.index)
        found = pd.DataFrame({"responded": self.responses[self.rate_column]})
        return found.assign(revenue_after=self.responses["revenue"]) if self.days else found

    @property
    def check(self) -> str:
        """The measure that evidence on the response is filed under."""
        if not self.dated:
            return "stated_rate"
        return {"ordered": "forward_order_rate", "clicked": "forward_click_rate"}.get(
            self.rate_column, "forward_event_rate"
        )

    @property
    def said(self) -> str:
        """What a customer who responded did, as evidence puts it: ``redeemed_coupon within 90 days``."""
        if not self.dated:
            return f"have {self.stated}"
        return f"{self.stated or self.rate_column} within {self.days} days"

    @property
    def caveat(self) -> str:
        """What must be said beside every number on a response without a time."""
        if self.dated:
            return ""
        return f" {self.stated} has no time: nothing tells whether it came before or after what made the segments."
