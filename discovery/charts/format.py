"""Numbers for people."""

from __future__ import annotations

import math
from datetime import date

from discovery.core.bounds import LARGE, MEDIUM, SMALL, SMALLEST
from discovery.core.currency import currency_sign
from discovery.core.signed import with_sign

DASH = "\N{EN DASH}"
NONE = "\N{EM DASH}"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: From so many days on, a time is told in years.
YEARS_FROM = 730
WORDS = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve")

#: Below this many customers a rate or an amount says something about single people.
SMALL_CELL = SMALLEST
TOO_FEW = "too few to show"
#: Shown for a group that would give one of those away by subtraction.
WITHHELD = "withheld"
#: Shown for a group nobody is in at the date.
NOBODY = "nobody in it"
#: Shown where nothing was measured: it is not a zero.
NOT_MEASURED = "not measured"

#: Cliff's delta in words, by its size (Romano et al. 2006).
EFFECTS = ((SMALL, "about the same"), (MEDIUM, "slightly"), (LARGE, "clearly"), (math.inf, "far"))


def count(n: float) -> str:
    """Return a whole number with its thousands apart.

    Examples
    --------
    >>> count(12430)
    '12,430'
    """
    return _signed(f"{abs(n):,.0f}", n) if math.isfinite(n) else NONE


def part_of(n: int, total: int, noun: str) -> str:
    """Return how many of all, as a sentence starts with it.

    Examples
    --------
    >>> part_of(3, 6, "segments"), part_of(0, 6, "segments"), part_of(6, 6, "segments")
    ('Three of six segments', 'None of six segments', 'All six segments')
    >>> part_of(1, 1, "segments"), part_of(0, 1, "segments")
    ('The one segment', 'None of the segments')
    """
    if total == 1:
        return f"The one {noun.removesuffix('s')}" if n else f"None of the {noun}"
    if n and n == total:
        return f"All {number_word(total, small=True)} {noun}"
    return f"{number_word(n) if n else 'None'} of {number_word(total, small=True)} {noun}"


def number_word(n: int, small: bool = False) -> str:
    """Return a number as a sentence starts with it: in words up to twelve.

    Examples
    --------
    >>> number_word(6), number_word(40), number_word(2, small=True)
    ('Six', '40', 'two')
    """
    word = WORDS[n] if 0 <= n < len(WORDS) else count(n)
    return word.lower() if small else word


def rate(share: float, n: int | None = None) -> str:
    """Return a share of 0 to 1 as a percentage with one decimal, and the customers behind it.

    Examples
    --------
    >>> rate(0.2341), rate(0.2341, 1240)
    ('23.4%', '23.4% (n 1,240)')
    """
    if not math.isfinite(share):
        return NONE
    shown = _signed(f"{abs(share) * 100:.1f}%", share)
    return shown if n is None else f"{shown} (n {count(n)})"


def money(amount: float, currency: str) -> str:
    """Return an amount with its currency, without cents from 100 on and at nothing.

    Examples
    --------
    >>> money(1234.5, "GBP"), money(34.5, "USD"), money(-3.0, "CHF"), money(0, "EUR")
    ('£1,234', '$34.50', '−CHF 3.00', '€0')
    """
    if not math.isfinite(amount):
        return NONE
    digits = 0 if abs(amount) >= 100 or currency == "JPY" or not amount else 2
    return _signed(f"{currency_sign(currency)}{abs(amount):,.{digits}f}", amount)


def size(n: int) -> str:
    """Return how large a file is.

    Examples
    --------
    >>> size(740), size(48_200), size(31_900_000)
    ('1 kB', '48 kB', '31.9 MB')
    """
    return f"{n / 1e6:.1f} MB" if n >= 1e6 else f"{max(round(n / 1e3), 1)} kB"


def day(when: date) -> str:
    """Return a date as people write it.

    Examples
    --------
    >>> day(date(2011, 9, 10))
    '10 Sep 2011'
    """
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def lift(ratio: float) -> str:
    """Return a ratio to everyone in words.

    Examples
    --------
    >>> lift(2.14), lift(1.02)
    ('2.1x everyone', 'same as everyone')
    """
    if not math.isfinite(ratio):
        return NONE
    return "same as everyone" if abs(ratio - 1) < 0.05 else f"{ratio:.1f}x everyone"


def duration(days: float) -> str:
    """Return a number of days in the unit people would use.

    Examples
    --------
    >>> duration(12), duration(1), duration(95), duration(800)
    ('12 days', '1 day', '95 days', '2.2 years')
    """
    if not math.isfinite(days):
        return NONE
    if abs(days) >= YEARS_FROM:
        return _signed(f"{abs(days) / 365.25:.1f} years", days)
    whole = round(days)
    return _signed(f"{abs(whole):,} {'day' if abs(whole) == 1 else 'days'}", whole)


def number(value: float) -> str:
    """Return a number of no unit: at most two decimals below 10, one below 100, none above; no trailing zeros.

    Examples
    --------
    >>> number(3.0), number(4.5), number(0.456), number(45.67), number(1234.5)
    ('3', '4.5', '0.46', '45.7', '1,234')
    """
    if not math.isfinite(value):
        return NONE
    if abs(value - round(value)) < 1e-9:
        return count(value)
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    text = f"{abs(value):,.{digits}f}"
    return _signed(text.rstrip("0").rstrip(".") if digits else text, value)


def amount(value: float | None, unit: str, currency: str = "") -> str:
    """Return a value in its unit: ``share``, ``points``, ``money``, ``days``, ``customers``, anything else as a number.

    Examples
    --------
    >>> amount(0.5, "share"), amount(0.034, "points"), amount(34, "days"), amount(None, "auc")
    ('50.0%', '+3.4 points', '34 days', '—')
    """
    if value is None or not math.isfinite(value):
        return NONE
    match unit:
        case "share":
            return rate(value)
        case "points":
            return difference(value, unit)
        case "money":
            return money(value, currency)
        case "days":
            return duration(value)
        case "customers":
            return count(value)
        case "auc" | "delta" | "ari":
            return _signed(f"{abs(value):.2f}", value)
        case _:
            return number(value)


def difference(value: float, unit: str, currency: str = "") -> str:
    """Return a difference with its sign: of shares in percentage points, an AUC as it is.

    Examples
    --------
    >>> difference(0.034, "share"), difference(-12.5, "money", "GBP"), difference(-0.0001, "share")
    ('+3.4 points', '−£12.50', '0.0 points')
    """
    if unit == "auc" or not math.isfinite(value):
        return amount(value, unit)
    size = f"{abs(value) * 100:.1f} points" if unit in ("share", "points") else amount(abs(value), unit, currency)
    return with_sign(size, value)


def span(ends: tuple[float, float] | None, unit: str, currency: str = "") -> str:
    """Return both ends of an interval in their unit, or a dash where there is none: no ends, or NaN.

    Examples
    --------
    >>> span((0.1, 0.25), "share"), span((3, 12), "days"), span((math.nan, math.nan), "share")
    ('10.0% to 25.0%', '3 to 12 days', '—')
    >>> span((-0.01, 0.07), "points")
    '−1.0 to +7.0 points'
    """
    if ends is None or any(map(math.isnan, ends)):
        return NONE
    low, high = (amount(end, unit, currency) for end in ends)
    # A word is said once: "3 to 12 days".
    number_low, _, word_low = low.partition(" ")
    word_high = high.partition(" ")[2]
    low = number_low if unit in ("days", "points") and word_low.rstrip("s") == word_high.rstrip("s") else low
    return f"{low} to {high}"


def effect_word(delta: float) -> str:
    """Return Cliff's delta in words.

    Examples
    --------
    >>> effect_word(0.6), effect_word(-0.2), effect_word(0.05)
    ('far higher', 'slightly lower', 'about the same')
    """
    if not math.isfinite(delta):
        return NONE
    word = next(word for bound, word in EFFECTS if abs(delta) < bound)
    return word if word == EFFECTS[0][1] else f"{word} {'higher' if delta > 0 else 'lower'}"


def unit_words(unit: str, currency: str = "") -> str:
    """Return a unit as an axis or a heading names it.

    Examples
    --------
    >>> unit_words("money", "GBP"), unit_words("share"), unit_words("")
    ('GBP', '%', 'number')
    """
    known = currency if currency != "XXX" else ""
    return {"money": known or "money", "share": "%", "points": "percentage points", "": "number"}.get(unit, unit)


def on_axis(unit: str) -> tuple[float, str]:
    """Return what values of a unit are multiplied by on an axis, and what stands behind its numbers.

    Examples
    --------
    >>> on_axis("share"), on_axis("points"), on_axis("money")
    ((100.0, '%'), (100.0, ''), (1.0, ''))
    """
    return 100.0 if unit in ("share", "points") else 1.0, "%" if unit == "share" else ""


def joined(parts: list[str] | tuple[str, ...]) -> str:
    """Return parts as a list in a sentence.

    Examples
    --------
    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def _signed(text: str, value: float) -> str:
    # "-0.0%" says nothing; a real minus is as wide as a digit in tabular figures.
    return with_sign(text, value).removeprefix("+")
