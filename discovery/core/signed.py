"""A difference as it is printed."""

from __future__ import annotations

MINUS = "\N{MINUS SIGN}"


def signed(value: float, digits: int) -> str:
    """Return a number with its sign, which is no hyphen; what rounds to nothing has none.

    Examples
    --------
    >>> signed(1.26, 1), signed(-1234.5, 2), signed(-0.01, 1)
    ('+1.3', '−1,234.50', '0.0')
    """
    return with_sign(f"{abs(value):,.{digits}f}", value)


def with_sign(size: str, value: float) -> str:
    """Return the size of a value, as it is written, with the value's sign.

    Examples
    --------
    >>> with_sign("£4.50", -4.5), with_sign("0.0 points", -0.01)
    ('−£4.50', '0.0 points')
    """
    sign = "" if not any(c in "123456789" for c in size) else MINUS if value < 0 else "+"
    return f"{sign}{size}"
