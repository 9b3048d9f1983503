"""What was planted, as ``truth.json`` says it."""

from __future__ import annotations

from datetime import UTC, datetime

from discovery.ingest.simulate.campaigns import ATTRIBUTION_DAYS, CAMPAIGNS, SENDS, Send
from discovery.ingest.simulate.planted import ALIKE, NEVER_ANSWERS, TYPES
from discovery.ingest.simulate.seasons import CHANGE_DAY, Floats

SCHEMA_VERSION = 1
#: Sends x types x (eligible, expected orders caused, treated, held out).
TALLY_SHAPE = (len(SENDS), len(TYPES), 4)


def truth(tally: Floats, types: bool, customers: int, seed: int) -> dict[str, object]:
    """Return the content of ``truth.json``.

    Parameters
    ----------
    tally : array of `TALLY_SHAPE`
        What the sends did, added up over all blocks.
    types : bool
        Whether types were planted.
    customers, seed : int
        Of the store.

    Returns
    -------
    dict
        ``uplift`` of a campaign is the true difference in the share who order within the attribution window,
        treated minus held out, averaged over the customers of this store who were randomised; null where there
        was none. A customer counts under the type at the time of sending. ``effect`` is the planted chance of an
        order in a customer who would not order otherwise.
    """
    described = [{"name": t.name, "share": t.share, "description": t.description} for t in TYPES]
    return {
        "schema_version": SCHEMA_VERSION,
        "customers": customers,
        "seed": seed,
        "types": described if types else [{"name": "all", "share": 1.0, "description": "One smooth population."}],
        "answer_alike": list(ALIKE) if types else [],
        "never_answers": NEVER_ANSWERS if types else None,
        "type_change_date": CHANGE_DAY.isoformat() if types else None,
        "attribution_days": ATTRIBUTION_DAYS,
        "campaigns": [_campaign(c, tally[SENDS.index(c)], types) for c in CAMPAIGNS],
    }


def _campaign(campaign: Send, tally: Floats, types: bool) -> dict[str, object]:
    names = [t.name for t in TYPES] if types else ["all"]
    rows = dict(zip(names, tally, strict=False))
    eligible, caused, treated, held_out = tally.sum(axis=0)
    return {
        "campaign_id": campaign.campaign_id,
        "name": campaign.name,
        "channel": campaign.channel,
        "sent_at": datetime.fromtimestamp(campaign.at / 1_000_000, tz=UTC).isoformat(),
        "holdout_share": campaign.holdout_share,
        "treated": int(treated),
        "held_out": int(held_out),
        "uplift": _share(caused, eligible),
        "uplift_by_type": {name: _share(row[1], row[0]) for name, row in rows.items()},
        "effect_by_type": {t.name: round(campaign.strength * t.answers, 6) for t in TYPES} if types else None,
    }


def _share(part: float, whole: float) -> float | None:
    return round(float(part / whole), 6) if whole else None
