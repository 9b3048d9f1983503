"""Lists of members: hashed as Meta and Google publish it, safe in a spreadsheet, and only of those who consented."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery import service
from discovery.core.errors import UsageError
from discovery.export.members import FORMS, PROFILE, member_list, normal_email, normal_phone, safe_cell, sha256

EMPTY = hashlib.sha256(b"").hexdigest()


def people(**columns: list[object]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    base: dict[str, list[object]] = {name: [None] * n for name in PROFILE}
    base |= {"consent_email": ["subscribed"] * n, "consent_sms": ["subscribed"] * n, "suppressed": [False] * n}
    return pd.DataFrame({"customer_id": [f"c{i}" for i in range(n)], **base, **columns}, dtype=object)


def test_the_published_hash() -> None:
    wanted = "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"
    rows = people(email=[" Test@Example.com \n", wanted, None], phone=["+1 555 010 9999", None, None])
    for form, column in (("meta", "email"), ("google", "Email")):
        found = member_list(rows, form)
        assert list(found.table[column]) == [wanted, wanted]
        assert found.without_identifier == 1
        assert EMPTY not in found.table.to_numpy()


def test_meta_and_google_differ_as_they_publish() -> None:
    rows = people(
        email=["Jane.Doe@Gmail.com"],
        phone=["+44 20 7946 0018"],
        country=["GB"],
        region=["GB-ENG"],
        city=["Saint-Étienne sur X"],
        postal_code=["SW1A 1AA"],
    )
    meta, google = member_list(rows, "meta").table.iloc[0], member_list(rows, "google").table.iloc[0]
    assert meta["email"] == sha256("jane.doe@gmail.com")
    assert google["Email"] == sha256("janedoe@gmail.com")
    assert meta["phone"] == sha256("442079460018")
    assert google["Phone"] == sha256("+442079460018")
    assert (google["Country"], google["Zip"]) == ("GB", "SW1A 1AA")
    assert (meta["country"], meta["zip"], meta["st"]) == (sha256("gb"), sha256("sw1a1aa"), sha256("eng"))
    assert meta["ct"] == sha256("saintétiennesurx")
    american = people(email=["a@x.io"], country=["US"], postal_code=["02108-1234"])
    assert member_list(american, "meta").table["zip"].tolist() == [sha256("02108")]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1", "\uff0b1", "\uff201", "\n=1"]
)
def test_no_cell_is_a_formula_in_a_spreadsheet_and_machines_get_it_unchanged(cell: str) -> None:
    rows = people(email=["a@x.io"], city=[cell])
    assert member_list(rows, "spreadsheet").table["city"][0] == "'" + cell
    assert member_list(rows, "machine").table["city"][0] == cell


@given(st.text(max_size=20))
def test_a_safe_cell_begins_with_nothing_a_spreadsheet_runs(text: str) -> None:
    safe = safe_cell(text)
    assert safe in (text, "'" + text)
    assert not safe.lstrip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))


@pytest.mark.parametrize("form", FORMS)
def test_only_those_who_consented_are_listed_and_the_others_counted(form: str) -> None:
    rows = people(
        email=["a@x.io", "b@x.io", "c@x.io", "d@x.io"],
        phone=["+15550100001", "+15550100002", "+15550100003", "+15550100004"],
        consent_email=["subscribed", "never", None, "subscribed"],
        consent_sms=["unsubscribed", "subscribed", None, None],
        suppressed=[False, False, None, True],
    )
    by_mail, by_sms, all_ = (member_list(rows, form, channel) for channel in ("email", "sms", None))
    assert (len(by_mail.table), by_mail.without_consent) == (1, 3)
    assert (len(by_sms.table), by_sms.without_consent) == (1, 3)
    assert (len(all_.table), all_.without_consent) == (4, 0)


def test_normal_forms_do_not_change_again() -> None:
    assert normal_phone(normal_phone("+1 (555) 010-9999")) == "+15550109999"
    assert normal_phone("n/a") == ""
    assert normal_email(normal_email(" A.B@GMAIL.com ", True), True) == "ab@gmail.com"
    assert sha256(sha256("x")) == sha256("x")
    assert sha256("") == ""


def test_a_run_hands_over_the_members_of_each_segment(run_workspace: Path) -> None:
    place = service.open_workspace(run_workspace)
    run = place.load(place.runs()[0].id)
    chosen = run.segmentation("kmeans")
    made = service.export_members(run, place, "machine", "email", "kmeans")
    assert [s.name for s in made.segments] == [s.name for s in chosen.placed]
    for told, segment in zip(made.segments, chosen.placed, strict=True):
        rows = made.files[told.file].splitlines()[1:]
        assert len(rows) == told.listed
        assert {row.split(",")[0] for row in rows} <= set(chosen.members(segment.id))
        assert told.listed + told.without_consent + told.without_identifier == segment.size
        assert told.without_consent > 0
    everybody = service.export_members(run, place, "machine", None, "kmeans")
    assert [s.listed for s in everybody.segments] == [s.size for s in chosen.placed]
    hashed = service.export_members(run, place, "google", "email", "kmeans")
    assert "@" not in "".join(hashed.files.values())
    with pytest.raises(UsageError, match="--for must be one of"):
        service.export_members(run, place, "tiktok")
