"""Words as a sentence or a heading begins."""


def headed(words: str) -> str:
    """Return words with a capital first letter, the others as they are: names and abbreviations keep theirs.

    Examples
    --------
    >>> headed("orders paid in EUR"), headed("")
    ('Orders paid in EUR', '')
    """
    return words[:1].upper() + words[1:]
