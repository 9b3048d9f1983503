"""What is sent, to whom: randomised campaigns with a control group, newsletters without one, and flows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from discovery.core.dataset import midnight
from discovery.ingest.simulate.catalogue import CODE_NAMES
from discovery.ingest.simulate.rows import NONE
from discovery.ingest.simulate.seasons import END_DAY, FIRST_DAY, HOUR, Floats, Ints

ATTRIBUTION_DAYS = 5


@dataclass(frozen=True)
class Send:
    """One message to everyone who may receive it.

    Parameters
    ----------
    campaign_id, name : str
        What it is called.
    sent : date
        When, at 15:00 UTC and within half an hour.
    channel : str
        ``email`` or ``sms``.
    holdout_share : float
        Share of those who may receive it that is held out at random; 0: no control group.
    strength : float
        Chance of an order it causes within the attribution window, in a customer who answers with factor 1.
    code : str
        Discount code it offers, or none.
    """

    campaign_id: str
    name: str
    sent: date
    channel: Literal["email", "sms"] = "email"
    holdout_share: float = 0.0
    strength: float = 0.0
    code: str = ""

    @property
    def at(self) -> int:
        """The instant, microseconds since the epoch."""
        return midnight(self.sent) + 15 * HOUR


def _campaign(
    campaign_id: str, name: str, sent: date, strength: float, code: str = "", channel: Literal["email", "sms"] = "email"
) -> Send:
    return Send(campaign_id, name, sent, channel, 0.15 if channel == "email" else 0.25, strength, code)


#: At least ten days apart, so that no attribution window holds two.
CAMPAIGNS: tuple[Send, ...] = (
    _campaign("2025-q1-winter-sale", "Winter sale", date(2025, 1, 21), 0.034, "CAMPAIGN15"),
    _campaign("2025-q1-spring-preview", "Spring preview", date(2025, 3, 11), 0.028),
    _campaign("2025-q2-easter", "Easter weekend", date(2025, 4, 16), 0.030),
    _campaign("2025-q2-mothers-day", "Mother's Day", date(2025, 5, 6), 0.036),
    _campaign("2025-q2-summer-text", "Summer by text", date(2025, 6, 10), 0.032, "", "sms"),
    _campaign("2025-q3-summer-sale", "Summer sale", date(2025, 7, 15), 0.036, "CAMPAIGN15"),
    _campaign("2025-q3-back-to-school", "Back to school", date(2025, 8, 26), 0.026),
    _campaign("2025-q4-autumn", "Autumn arrivals", date(2025, 10, 14), 0.030),
    _campaign("2025-q4-black-friday", "Black Friday week", date(2025, 11, 25), 0.044, "BLACKFRIDAY25"),
    _campaign("2025-q4-last-post", "Last post before Christmas", date(2025, 12, 12), 0.036, "", "sms"),
)
_NEWSLETTERS = tuple(
    Send(f"newsletter-{year}-{month:02d}", f"Newsletter {year}-{month:02d}", date(year, month, 3))
    for year in range(FIRST_DAY.year, END_DAY.year)
    for month in range(2, 13, 2)
)
SENDS: tuple[Send, ...] = tuple(sorted((*CAMPAIGNS, *_NEWSLETTERS), key=lambda s: s.sent))

#: Messages that a customer's own doing sets off; they follow the sends in the list of campaign ids.
WELCOME, CHECKOUT_REMINDER = len(SENDS), len(SENDS) + 1
CAMPAIGN_IDS = (*(s.campaign_id for s in SENDS), "flow-welcome", "flow-checkout-reminder")

SEND_AT: Ints = np.array([s.at for s in SENDS], dtype=np.int64)
SEND_HOLDOUT: Floats = np.array([s.holdout_share for s in SENDS])
SEND_STRENGTH: Floats = np.array([s.strength for s in SENDS])
SEND_CODE: Ints = np.array([CODE_NAMES.index(s.code) if s.code else NONE for s in SENDS], dtype=np.int64)
