"""Numbers and money as people write them: ``1.234,56``, ``$1,234.50``, ``(12.00)``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from discovery.core.errors import DataError
from discovery.engine.duckdb import Engine
from discovery.engine.sql import identifier, literal
from discovery.ingest.files import FLOATS
from discovery.ingest.table.dates import is_numeric, shape_sql

#: Signs of money, and the currencies they can stand for; those with none named here stand for many.
_SYMBOLS: Mapping[str, tuple[str, ...]] = {
    "$": (),
    "€": ("EUR",),
    "£": ("GBP", "EGP", "FKP", "GIP", "LBP", "SHP", "SSP", "SYP"),
    "¥": ("JPY", "CNY"),
    "₹": ("INR",),
    "₩": ("KRW", "KPW"),
    "₺": ("TRY",),
    "₽": ("RUB",),
    "zł": ("PLN",),
}
_CODE = re.compile(r"\b[A-Z]{3}\b")
#: Beside a number, these are dress: blanks, no-break blanks, the Swiss apostrophe, brackets, signs, codes.
_DRESS = r"[\s\x{00A0}\x{202F}''’()$€£¥₹₩₺₽]|zł|^[A-Z]{3}|[A-Z]{3}$"
_EMPTY = ("", "na", "n/a", "null", "none", "nil", "-", "--")
_PLAIN = re.compile(r"[+-]?9+(\.9*)?([eE][+-]?9+)?|[+-]?\.9+")
#: What a shape, undressed, proves: a sign that stands twice, or not before three digits, or before the other one.
_POINT = re.compile(r"9{1,3}(,9{2,3})*,999\.9*|9*\.(9|99|9{4,})|9{4,}\.999|9{1,3}(,9{2,3})+,999|9+(\.9+)?[eE][+-]?9+")
_COMMA = re.compile(r"9{1,3}(\.999)+,9*|9*,(9|99|9{4,})|9{4,},999|9{1,3}(\.999){2,}")
_EITHER = re.compile(r"9{1,3}[.,]999")
_MOST_SHAPES = 2_000


def decimal_sign(engine: Engine, view: str, columns: Iterable[str], stated: str, currency: str) -> tuple[str, bool]:
    """Return the decimal sign of all number texts of a table, and whether each is plain for a machine.

    Parameters
    ----------
    engine, view, columns
        Where the texts are.
    stated : str
        ``auto``, or what the config says.
    currency : str
        Of the dataset; a sign that cannot stand for it is refused.

    Raises
    ------
    DataError
        If the texts prove both signs, or none where it matters, or carry another currency's sign.
    """
    shapes: dict[str, str] = {}
    for column in columns:
        text = f"trim({identifier(column)})"
        # Of one shape the smallest text is kept: it is the one that begins with 0, if any does.
        shapes.update(
            engine.rows(
                f"SELECT {shape_sql(text)} AS shape, min({text}) FROM {view} WHERE {identifier(column)} "
                f"IS NOT NULL GROUP BY shape ORDER BY count(*) DESC, shape LIMIT {_MOST_SHAPES}"
            )
        )
    if currency:
        _one_currency(shapes, currency)
    sign = _told(shapes) if stated == "auto" else stated
    return sign, sign == "." and all(_PLAIN.fullmatch(s) for s in shapes)


def _told(shapes: Mapping[str, str]) -> str:
    bare = {_undressed(shape): example for shape, example in shapes.items()}
    point = [example for shape, example in bare.items() if _POINT.fullmatch(shape)]
    comma = [example for shape, example in bare.items() if _COMMA.fullmatch(shape)]
    either = [example for shape, example in bare.items() if _EITHER.fullmatch(shape)]
    # 0.125 and 0,125 can be no thousands.
    point += [e for e in either if re.match(r"\D*0\.", e)]
    comma += [e for e in either if re.match(r"\D*0,", e)]
    setting = "Set source.decimal to '.' or ','."
    if point and comma:
        raise DataError(f"Numbers must have one decimal sign, got {point[0]!r} and {comma[0]!r}. {setting}")
    if either and not point and not comma:
        raise DataError(f"The decimal sign cannot be told from numbers such as {either[0]!r}. {setting}")
    return "," if comma else "."


def number(column: str, kind: str, decimal: str, plain: bool) -> str:
    """Return the SQL of a column as DOUBLE; missing where a value is no number."""
    name = identifier(column)
    if kind != "VARCHAR":
        if not is_numeric(kind):
            raise DataError(f"{column!r} must hold numbers or text, got a column of type {kind}. Map another column.")
        # Many tools write a missing number as NaN.
        return (
            f"CASE WHEN NOT isnan({name}) THEN CAST({name} AS DOUBLE) END"
            if kind in FLOATS
            else f"CAST({name} AS DOUBLE)"
        )
    text = f"trim({name})"
    if plain:
        return f"try_cast({text} AS DOUBLE)"
    bare = f"regexp_replace({text}, {literal(_DRESS)}, '', 'g')"
    # A minus may also stand behind, or be the mathematical one.
    bare = rf"regexp_replace(replace({bare}, '−', '-'), '^([0-9.,]+)-$', '-\1')"
    group = "," if decimal == "." else "."
    grouped = rf"^[+-]?\d{{1,3}}(\{group}\d{{2,3}})*\{group}\d{{3}}(\{decimal}\d*)?$"
    single = rf"^[+-]?(\d+\{decimal}?\d*|\{decimal}\d+)([eE][+-]?\d+)?$"
    cleaned = f"replace(replace({bare}, {literal(group)}, ''), {literal(decimal)}, '.')"
    sign = f"CASE WHEN {text} LIKE '%(%)%' THEN -1 ELSE 1 END"
    fits = f"regexp_matches({bare}, {literal(grouped)}) OR regexp_matches({bare}, {literal(single)})"
    return f"CASE WHEN {fits} THEN try_cast({cleaned} AS DOUBLE) * {sign} END"


def number_given(column: str, kind: str) -> str:
    """Return the SQL of whether a value is there at all, be it a number or not."""
    name = identifier(column)
    if kind != "VARCHAR":
        return f"coalesce(NOT isnan({name}), FALSE)" if kind in FLOATS else f"{name} IS NOT NULL"
    listed = ", ".join(literal(e) for e in _EMPTY)
    return f"lower(trim(coalesce({name}, ''))) NOT IN ({listed})"


def _undressed(shape: str) -> str:
    bare = re.sub(r"[\s\u00a0\u202f'’()$€£¥₹₩₺₽]|zł|^[A-Z]{3}|[A-Z]{3}$", "", shape)
    return bare.replace("−", "-").strip("+-")


def _one_currency(shapes: Mapping[str, str], currency: str) -> None:
    """Refuse amounts that carry the signs of several currencies, or of another than the dataset's."""
    found: dict[str, str] = {}
    for shape, example in shapes.items():
        for sign in [s for s in _SYMBOLS if s in shape] + [c for c in _CODE.findall(shape) if c not in ("NAN", "INF")]:
            found.setdefault(sign, example)
    if len(found) > 1:
        raise DataError(
            f"Amounts must be in one currency, got {' and '.join(repr(e) for e in list(found.values())[:2])}. "
            "Convert them, or give each row's currency in source.columns.currency and source.rates."
        )
    for sign, example in found.items():
        codes = _SYMBOLS.get(sign, (sign,))
        if codes and currency not in codes:
            raise DataError(f"Amounts must be in source.currency {currency}, got {example!r}. Set source.currency.")
