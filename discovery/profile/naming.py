"""Names from the largest effect sizes, in people's words, unique within a segmentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from discovery.core.bounds import MEDIUM, SMALL
from discovery.core.feature import Feature, FeatureTable
from discovery.core.headed import headed
from discovery.core.segment import UNASSIGNED, Description
from discovery.profile.amounts import amount

_WORDS_AT_FIRST = 2
#: Features of one trait say the same thing in other words: the first of medium size speaks, else the largest.
_SAME: tuple[tuple[str, ...], ...] = (
    ("days_since_last_order", "overdue_ratio", "order_frequency_change"),
    (
        "orders",
        "median_gap_days",
        "distinct_products",
        "distinct_categories",
        "distinct_brands",
        "top_product_share",
        "top_category_share",
    ),
    ("average_order_value", "units_per_order"),
    ("clicks_90d", "click_rate_90d", "days_since_last_click"),
)
#: Where three of four customers have ordered once, "occasional" would say too little.
_ONCE = "one-time {}"


@dataclass(frozen=True)
class Name:
    """What to call a segment, and the measured reason."""

    name: str
    why: str


@dataclass(frozen=True)
class Trait:
    """One thing that tells a segment from the rest: what, its effect, the word for it with a slot for who, and why."""

    what: str
    effect: float
    word: str
    why: str


def name_segments(
    table: FeatureTable,
    profiles: Mapping[str, Mapping[str, Description]],
    more: Mapping[str, Trait] | None = None,
    currency: str = "",
) -> dict[str, Name]:
    """Return a unique name for every segment but ``unassigned``: its two traits of largest effect.

    Segments that would share a name each take a third: the one in which it differs most from the others of that name.
    Nothing random or learnt comes in: like profiles give like names. `more` holds traits that no feature of the table
    tells.
    """
    more = more or {}
    told = {
        segment: sorted(
            (*traits(table, profile, currency), *((more[segment],) if segment in more else ())),
            key=lambda t: -abs(t.effect),
        )
        for segment, profile in profiles.items()
        if segment != UNASSIGNED
    }
    who = "buyers" if any(f.name == "orders" for f in table.features) else "customers"
    chosen = {segment: found[:_WORDS_AT_FIRST] for segment, found in told.items()}
    short = {segment: _joined(table, found, who) for segment, found in chosen.items()}
    for segment, name in short.items():
        others = [told[s] for s in short if s != segment and short[s] == name]
        if others:
            chosen[segment] = [*chosen[segment], *_contrast(told[segment][_WORDS_AT_FIRST:], others)]
    names: dict[str, Name] = {}
    taken: set[str] = set()
    for segment, found in chosen.items():
        base = name = _joined(table, found, who)
        turn = 2
        while name in taken:
            name, turn = f"{base} ({turn})", turn + 1
        taken.add(name)
        why = "; ".join(t.why for t in found)
        names[segment] = Name(name, headed(why) or "No feature sets it apart from everyone.")
    return names


def _contrast(mine: Sequence[Trait], others: Sequence[Sequence[Trait]]) -> list[Trait]:
    """Return the first trait that the others clearly have less of, else the one that they have least of."""
    theirs = [{(t.what, t.word): abs(t.effect) for t in told} for told in others]
    ahead = {t: abs(t.effect) - max(each.get((t.what, t.word), 0.0) for each in theirs) for t in mine}
    return [t for t in mine if ahead[t] >= SMALL][:1] or sorted(mine, key=lambda t: -ahead[t])[:1]


def traits(table: FeatureTable, profile: Mapping[str, Description], currency: str = "") -> tuple[Trait, ...]:
    """Return what tells a segment from the rest, the largest effect first, none that says another again.

    A feature that is missing for most of the segment, or whose median is everyone's, says nothing of it.
    """
    size = {
        name: abs(found.effect)
        for name, found in profile.items()
        if table.feature(name).words and abs(found.effect) >= SMALL and _telling(found)
    }
    for alike in _SAME:
        present = [name for name in alike if name in size]
        speaks = next((n for n in present if size[n] >= MEDIUM), max(present, key=lambda n: size[n], default=""))
        for name in set(present) - {speaks}:
            del size[name]
    ordered = sorted(size, key=lambda name: (-size[name], name))
    return tuple(_trait(table.feature(name), profile[name], currency) for name in ordered)


def _telling(found: Description) -> bool:
    # Where more than half have no value, the median speaks of the others.
    return found.missing_share <= 0.5 and (found.median - found.everyone) * found.effect > 0


def _trait(feature: Feature, found: Description, currency: str) -> Trait:
    once = feature.name == "orders" and found.effect < 0 and found.q3 <= 1
    middle = feature.label if feature.label.startswith(("median", "mean")) else f"median {feature.label}"
    mine, everyone = (amount(value, feature, currency) for value in (found.median, found.everyone))
    why = f"{middle} {mine} against {everyone} for everyone"
    return Trait(feature.name, found.effect, _ONCE if once else feature.words[found.effect > 0], why)


def _joined(table: FeatureTable, told: Sequence[Trait], who: str) -> str:
    """Return the traits as one name: words before the noun in the order of the vocabulary, what follows it after.

    Examples
    --------
    >>> from datetime import date
    >>> import pandas as pd
    >>> nobody = FeatureTable(pd.DataFrame(index=pd.Index([], name="customer_id")), (), date(2025, 1, 1), "")
    >>> both = Trait("a", 0.5, "{} with long gaps", ""), Trait("b", 0.4, "{} with many refunds", "")
    >>> _joined(nobody, [*both, Trait("c", 0.4, "lapsed {}", ""), Trait("d", 0.4, "big spenders", "")], "buyers")
    'Lapsed big spenders with long gaps and many refunds'
    """
    if not told:
        return "Average customers"
    place = {f.name: i for i, f in enumerate(table.features)}
    words = [t.word for t in sorted(told, key=lambda t: place.get(t.what, len(place)))]
    before = [w.removesuffix(" {}") for w in words if w.endswith(" {}")]
    after = [w.removeprefix("{} ") for w in words if w.startswith("{} ")]
    nouns = [w for w in words if "{}" not in w]
    # "with long gaps and many refunds", but "with long gaps who often click".
    tail = "".join(f" and {w[5:]}" if i and w[:5] == after[i - 1][:5] else f" {w}" for i, w in enumerate(after))
    name = f"{' '.join([*before, ' and '.join(nouns) or who])}{tail}"
    return name[0].upper() + name[1:]
