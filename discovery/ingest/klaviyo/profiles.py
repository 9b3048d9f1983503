"""Klaviyo's profiles, from its CSV export or its API."""

from __future__ import annotations

from collections.abc import Mapping

from discovery.core.dataset import PROFILE_COLUMNS
from discovery.core.many import many
from discovery.core.sources import KlaviyoSource
from discovery.engine.duckdb import Engine
from discovery.engine.sql import literal
from discovery.ingest.cells import bare, day, email, extracted, instant, phone, text
from discovery.ingest.contract import report
from discovery.ingest.exports import Export, load, tidy
from discovery.ingest.klaviyo.json import has_records
from discovery.ingest.people import number_rows
from discovery.ingest.places import code_places
from discovery.ingest.properties import make_profiles_in, spread_properties

_NAMES: Mapping[str, tuple[str, ...]] = {
    "email": ("email", "email address"),
    "klaviyo_id": ("klaviyo id", "profile id", "id"),
    "phone": ("phone number", "phone"),
    "country": ("country",),
    "region": ("state / region", "state/region", "region", "state"),
    "city": ("city",),
    "postal_code": ("zip code", "zip", "postal code"),
    "latitude": ("latitude",),
    "longitude": ("longitude",),
    "consent_text": ("email marketing consent",),
    "sms_text": ("sms marketing consent", "sms consent"),
    "channels": ("consent",),
    "sms_since": ("sms consent timestamp",),
    "suppressions": ("email suppressions",),
    "birthday": ("birthday", "$birthday", "birth date", "birthdate", "date of birth"),
    "created": ("profile created on", "created"),
    "updated": ("last active", "updated"),
}
#: Columns of the export that are neither canonical nor asked of the customer: names, Klaviyo's own measures, sources.
_LEFT_OUT = frozenset(
    (
        *("first name", "last name", "organization", "title", "address", "address 2", "source", "first active"),
        *("date added", "last open", "last click", "email suppressions timestamp", "email marketing consent timestamp"),
        *("historic customer lifetime value", "predicted customer lifetime value", "total customer lifetime value"),
        *("historic number of orders", "predicted number of orders", "churn risk prediction", "average order value"),
        *("average days between orders", "expected date of next order"),
        *(f"{w} {p}".strip() for w in ("initial", "last") for p in ("source", "referrer", "referring domain")),
        *(
            f"{w} source {p}"
            for w in ("initial", "last")
            for p in ("referrer", "term", "medium", "campaign", "content")
        ),
        *(f"{w} source first page" for w in ("initial", "last")),
    )
)
PROFILE_NAMES = frozenset(n for names in _NAMES.values() for n in names) | _LEFT_OUT
_JSON: Mapping[str, str] = {
    "email": "/attributes/email",
    "klaviyo_id": "/id",
    "phone": "/attributes/phone_number",
    **{n: f"/attributes/location/{n}" for n in ("country", "region", "city", "latitude", "longitude")},
    "postal_code": "/attributes/location/zip",
    "consent_text": "/attributes/subscriptions/email/marketing/consent",
    "sms_text": "/attributes/subscriptions/sms/marketing/consent",
    "suppressions": "/attributes/subscriptions/email/marketing/suppression",
    "created": "/attributes/created",
    "updated": "/attributes/updated",
}
_FIELDS = tuple(c for c in PROFILE_COLUMNS if c not in ("customer_id",))


def load_csv_profiles(engine: Engine, source: KlaviyoSource, export: Export) -> int:
    """Add a profile export to ``klaviyo_profiles`` and return the number of its rows."""
    texts = {ours: export.cell(*names) for ours, names in _NAMES.items()}
    custom = [(n, i) for i, n in enumerate(export.header) if n and tidy(n) not in PROFILE_NAMES]
    pairs = ", ".join(f"{literal(n)}, {text(f'c{i}')}" for n, i in custom)
    cells = _cells(texts, source, suppression_known=export.has(*_NAMES["suppressions"]))
    return load(engine, "klaviyo_profiles", export, {**cells, "properties": f"json_object({pairs})", "texts": "TRUE"})


def unused_columns(export: Export) -> list[str]:
    """Return the columns of a profile export that are neither canonical nor a property of the customer."""
    known = {n for names in _NAMES.values() for n in names}
    return [n or "(without a name)" for n in export.header if tidy(n) not in known and (not n or tidy(n) in _LEFT_OUT)]


def load_json_profiles(engine: Engine, source: KlaviyoSource) -> None:
    """Add the profiles of the JSON files to ``klaviyo_profiles``; those that came along with events count once."""
    if not has_records(engine):
        return
    found = extracted("record", list(_JSON.values()))
    texts = {ours: f"x[{i}]" for i, ours in enumerate(_JSON, start=1)}
    born = extracted("record", [f"/attributes/properties/{n}" for n in ("Birthday", "birthday", "$birthday")])
    texts |= {"birthday": "coalesce(b[1], b[2], b[3])"}
    texts |= dict.fromkeys(("channels", "sms_since"), "CAST(NULL AS VARCHAR)")
    # A profile that came along with several pages of events is one.
    once = """CASE WHEN included THEN coalesce(x[2], CAST("row" AS VARCHAR)) ELSE file || ' ' || "row" END"""
    cells = ", ".join(f"{sql} AS {name}" for name, sql in _cells(texts, source, suppression_known=False).items())
    select = (
        f"SELECT * EXCLUDE (turn) FROM (SELECT file, \"row\", {cells}, json_extract(record, '/attributes/properties') "
        "AS properties, FALSE AS texts, "
        f'row_number() OVER (PARTITION BY included, {once} ORDER BY file, "row") AS turn, '
        f"included FROM (SELECT *, {found} AS x, {born} AS b FROM klaviyo_records WHERE kind = 'profile')) "
        "WHERE NOT included OR turn = 1"
    )
    exists = engine.scalar("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'klaviyo_profiles'")
    if exists:
        engine.run("ALTER TABLE klaviyo_profiles ADD COLUMN IF NOT EXISTS included BOOLEAN")
    engine.run(
        f"INSERT INTO klaviyo_profiles BY NAME {select}" if exists else f"CREATE TABLE klaviyo_profiles AS {select}"
    )


def _cells(texts: Mapping[str, str], source: KlaviyoSource, suppression_known: bool) -> dict[str, str]:
    suppressed = (
        f"lower(coalesce({texts['suppressions']}, '')) NOT IN ('', '[]', '{{}}', 'none', 'null', 'false', 'no')"
    )
    if not suppression_known:
        suppressed = f"CASE WHEN {texts['suppressions']} IS NOT NULL THEN {suppressed} END"
    return {
        "klaviyo_id": bare(texts["klaviyo_id"]),
        "email": email(texts["email"]),
        "phone": phone(texts["phone"]),
        **{n: text(texts[n]) for n in ("country", "region", "city")},
        "postal_code": bare(texts["postal_code"]),
        "latitude": _degrees(texts["latitude"], 90),
        "longitude": _degrees(texts["longitude"], 180),
        "consent_email": _consent(texts["consent_text"], texts["channels"], "email", "NULL", texts["suppressions"]),
        "consent_sms": _consent(texts["sms_text"], texts["channels"], "sms", texts["sms_since"], "NULL"),
        "suppressed": suppressed,
        "birthday": day(texts["birthday"]),
        "birthday_text": texts["birthday"],
        "created_at": instant(texts["created"], source.timezone),
        "updated": instant(texts["updated"], source.timezone),
    }


def _degrees(cell: str, limit: int) -> str:
    value = f"try_cast({bare(cell)} AS DOUBLE)"
    return f"CASE WHEN abs({value}) <= {limit} THEN {value} END"


def _consent(state: str, channels: str, channel: str, since: str, suppressions: str) -> str:
    """Return the SQL of a consent: as stated; else by the list of channels, a time, or an unsubscription."""
    word = f"replace(lower({text(state)}), '_', ' ')"
    return (
        f"CASE WHEN {word} IN ('never subscribed', 'never') THEN 'never' "
        f"WHEN {word} LIKE '%unsubscribed' THEN 'unsubscribed' "
        f"WHEN {word} LIKE '%subscribed' OR {word} IN ('true', 'yes') THEN 'subscribed' "
        f"WHEN upper(CAST({suppressions} AS VARCHAR)) LIKE '%UNSUBSCRIBE%' THEN 'unsubscribed' "
        f"WHEN {state} IS NULL AND (list_contains(regexp_split_to_array(lower({channels}), '[^a-z]+'), '{channel}') "
        f"OR {since} IS NOT NULL) THEN 'subscribed' END"
    )


def make_profiles(engine: Engine) -> list[str]:
    """Make ``profiles_in``: one profile a customer, the newest row first; return notes."""
    if "properties" not in engine.columns("klaviyo_profiles"):
        engine.run("CREATE OR REPLACE TABLE profiles_in (customer_id VARCHAR, email VARCHAR, phone VARCHAR)")
        return []
    engine.run("ALTER TABLE klaviyo_profiles ADD COLUMN IF NOT EXISTS included BOOLEAN")
    report(engine, "klaviyo_profiles", "Email", "missing_customer", "customer_id IS NULL")
    engine.run("DELETE FROM klaviyo_profiles WHERE customer_id IS NULL")
    notes = code_places(engine, "klaviyo_profiles")
    number_rows(engine, "klaviyo_profiles", ("updated DESC NULLS LAST", "included IS TRUE"))
    report(engine, "klaviyo_profiles", "Klaviyo ID", "duplicate_customer", "turn > 1 AND included IS NOT TRUE", "NULL")
    unread = engine.scalar("SELECT count(*) FROM klaviyo_profiles WHERE birthday IS NULL AND birthday_text IS NOT NULL")
    if unread:
        notes.append(
            f"{many(unread, 'birthday is no full date and was', 'birthdays are no full date and were')} left missing."
        )
    columns, more = spread_properties(engine, "klaviyo_profiles")
    make_profiles_in(engine, "klaviyo_profiles", _FIELDS, columns)
    return [*notes, *more]
