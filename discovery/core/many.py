"""A count with its noun, as a sentence tells it."""


def many(n: int, one: str, more: str = "") -> str:
    """Return a count with its noun, which is `one` in the singular; `more` where its plural is not that and an s.

    Examples
    --------
    >>> many(1, "customer"), many(1200, "customer"), many(2, "property", "properties")
    ('1 customer', '1,200 customers', '2 properties')
    """
    return f"{n:,} {one if n == 1 else more or one + 's'}"
