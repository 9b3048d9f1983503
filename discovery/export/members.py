"""Lists of members: for spreadsheets, for other programs, and hashed for Meta and Google."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

Channel = Literal["email", "sms"]
#: What the profile tells that a list of members can carry.
PROFILE = ("email", "phone", "country", "region", "city", "postal_code", "consent_email", "consent_sms", "suppressed")
_HASH = re.compile(r"[0-9a-f]{64}")
#: First characters that make a spreadsheet read a cell as a formula, full-width ones too.
_FORMULA = re.compile(r"^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]")


@dataclass(frozen=True, eq=False)
class MemberList:
    """The members of a segment as a file, and who was left out.

    Parameters
    ----------
    table : DataFrame of str
        One row per member who may be written to.
    without_consent : int
        Members left out for want of consent for the channel, or since they are suppressed.
    without_identifier : int
        Members left out since nothing identifies them to the reader of the list.
    """

    table: pd.DataFrame
    without_consent: int
    without_identifier: int


def member_list(people: pd.DataFrame, form: str, channel: Channel | None = "email") -> MemberList:
    """Return the members among `people` who may be reached, as a list of one of the `FORMS`.

    Parameters
    ----------
    people : DataFrame
        The segment's members: ``customer_id`` and the columns of `PROFILE`, missing as None.
    form : str
        ``spreadsheet``, ``machine``, ``meta`` or ``google``.
    channel : str or None
        Whose consent is needed: ``subscribed`` there, and for e-mail not suppressed. None: everybody, for analysis.

    Notes
    -----
    Meta and Google get SHA-256 of what they identify people by, normalised as each publishes it; empty values get no
    hash, and what is one already is not hashed twice. Phones count only in international form (``+44 ...``). Google's
    country and postal code stay plain.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["a", "b"], "email": ["a@x.io", "b@x.io"], "phone": None, "country": "US",
    ...     "region": None, "city": None, "postal_code": None, "consent_email": ["subscribed", "unsubscribed"],
    ...     "consent_sms": None, "suppressed": False})
    >>> found = member_list(people, "machine")
    >>> list(found.table["email"]), found.without_consent
    (['a@x.io'], 1)
    """
    allowed = pd.Series(True, index=people.index)
    if channel is not None:
        allowed = people[f"consent_{channel}"] == "subscribed"
        if channel == "email":
            allowed &= people["suppressed"].astype("object").fillna(False) != True  # noqa: E712
    reached = people[allowed]
    texts = reached.astype("object").where(reached.notna(), "").astype(str)
    table = FORMS[form](texts)
    identified = (table != "").any(axis=1) if form in ("machine", "spreadsheet") else _identified(table)
    return MemberList(table[identified].reset_index(drop=True), int((~allowed).sum()), int((~identified).sum()))


def sha256(text: str) -> str:
    """Return the hash of a value that was normalised before; nothing of nothing, and a hash as it is.

    Examples
    --------
    >>> sha256(normal_email(" Test@Example.com \\n"))
    '973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b'
    """
    if not text or _HASH.fullmatch(text):
        return text
    return hashlib.sha256(text.encode()).hexdigest()


def normal_email(text: str, without_dots: bool = False) -> str:
    """Return an e-mail address trimmed and in lower case; `without_dots` also drops the dots of a Gmail name.

    Examples
    --------
    >>> normal_email(" Jane.Doe@Gmail.com", without_dots=True)
    'janedoe@gmail.com'
    """
    email = re.sub(r"\s", "", text).lower()
    name, sign, host = email.partition("@")
    if without_dots and host in ("gmail.com", "googlemail.com"):
        name = name.replace(".", "")
    return name + sign + host


def normal_phone(text: str) -> str:
    """Return a phone number in international form as ``+`` and digits; nothing if it is not in that form.

    Examples
    --------
    >>> normal_phone("+44 (0)20 7946 0018"), normal_phone("0044 20 79460018"), normal_phone("020 7946 0018")
    ('+442079460018', '+442079460018', '')
    """
    found = re.sub(r"^00", "+", re.sub(r"\(0\)|[^\d+]", "", text.strip()))
    return found if re.fullmatch(r"\+[1-9]\d{6,14}", found) else ""


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: one that begins like one gets an apostrophe.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell(" @SUM(A1)"), safe_cell("jane@x.io")
    ("'=1+1", "' @SUM(A1)", 'jane@x.io')
    """
    return "'" + text if _FORMULA.match(text) else text


def _plain(people: pd.DataFrame) -> pd.DataFrame:
    return people[["customer_id", *PROFILE[:6]]]


def _spreadsheet(people: pd.DataFrame) -> pd.DataFrame:
    return _plain(people).map(safe_cell)


def _meta(people: pd.DataFrame) -> pd.DataFrame:
    def squeezed(text: str) -> str:
        return re.sub(r"[\W_]", "", text).lower()

    phones = people["phone"].map(normal_phone).str.lstrip("+")
    # Meta knows a US code by its first five digits.
    zips = people["postal_code"].map(squeezed)
    parts = {
        "email": people["email"].map(normal_email),
        "phone": phones,
        "ct": people["city"].map(squeezed),
        "st": people["region"].map(lambda region: squeezed(region.rpartition("-")[2])),
        "zip": zips.where(people["country"] != "US", zips.str[:5]),
        "country": people["country"].str.lower(),
    }
    return pd.DataFrame({name: column.map(sha256) for name, column in parts.items()}, dtype="object")


def _google(people: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Email": people["email"].map(lambda text: sha256(normal_email(text, without_dots=True))),
            "Phone": people["phone"].map(lambda text: sha256(normal_phone(text))),
            "Country": people["country"],
            "Zip": people["postal_code"],
        },
        dtype="object",
    )


def _identified(table: pd.DataFrame) -> pd.Series:
    """Return who an audience can be matched by: e-mail or phone; a place alone names nobody."""
    return (table.iloc[:, 0] != "") | (table.iloc[:, 1] != "")


#: How a list is written for each reader.
FORMS: Mapping[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "spreadsheet": _spreadsheet,
    "machine": _plain,
    "meta": _meta,
    "google": _google,
}
