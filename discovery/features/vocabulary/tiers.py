"""Features that are ordered lists of rules: the first that holds gives the name."""

from __future__ import annotations

from collections.abc import Mapping

_RECENT, _LAPSED = 120, 395
_ENGAGED = "(opens_30d >= 1 OR clicks_30d >= 1 OR days_since_subscribed <= 15)"

#: Klaviyo's 27 codes of recency, frequency and money in its six groups.
RFM_GROUPS: Mapping[str, str] = {
    "Champions": "333 332 323",
    "Loyal": "321 322 331 232 233",
    "Recent": "311 312 313 222 223",
    "Needs attention": "213 221 123 132 133",
    "At risk": "231 212 122 131 211",
    "Inactive": "111 112 113 121",
}


def _codes(listed: str) -> str:
    return " OR ".join(f"(r_score = {c[0]} AND f_score = {c[1]} AND m_score = {c[2]})" for c in listed.split())


#: Per feature: label and rule text, in the order they are tried.
TIERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "rfm_group": tuple((group, _codes(codes)) for group, codes in RFM_GROUPS.items()),
    "lifecycle": (
        ("prospect", "orders = 0"),
        ("new", "orders = 1 AND days_since_first_order <= 60"),
        ("former VIP", f"orders >= 5 AND days_since_last_order > {_RECENT} AND m_score = 3"),
        ("lapsed", f"days_since_last_order > {_LAPSED}"),
        ("lapsing", f"orders >= 2 AND days_since_last_order > {_RECENT}"),
        ("one-time", "orders = 1"),
        ("loyal", "orders >= 3"),
        ("repeat", "orders = 2"),
    ),
    "engagement_tier": (
        ("unreachable", "suppressed = TRUE OR consent_email = 'unsubscribed'"),
        ("champion", f"orders >= 3 AND days_since_last_order <= {_RECENT} AND {_ENGAGED}"),
        ("recent buyer", f"days_since_last_order <= {_RECENT}"),
        ("nearly there", f"orders = 0 AND {_ENGAGED}"),
        ("engaged 30", _ENGAGED),
        ("engaged 60", "days_since_last_open <= 60 OR days_since_last_click <= 60"),
        ("engaged 90", "days_since_last_open <= 90 OR days_since_last_click <= 90"),
        ("engaged 180", "days_since_last_open <= 180 OR days_since_last_click <= 180"),
        ("nearly lapsed", f"days_since_last_order <= {_LAPSED}"),
        ("lapsed", f"days_since_last_order > {_LAPSED}"),
        ("never engaged", "orders = 0"),
    ),
}
