"""Values for profiles: nobody is lost, and nothing is larger than Klaviyo takes."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from discovery.core.errors import DataError, UsageError
from discovery.export.klaviyo.profiles import ImportLimits, ProfileValues, csv_parts, import_jobs

VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.dates() | st.tuples(st.text(), st.text())
PROFILES = st.lists(
    st.builds(
        ProfileValues,
        properties=st.dictionaries(st.sampled_from(["cluster", "née", "x y"]), VALUES),
        email=st.emails(),
        phone_number=st.none() | st.just("+15005550006"),
    ),
    max_size=12,
)
SMALL = ImportLimits(profiles=4, job_bytes=1_500, profile_bytes=1_200, file_bytes=500)


def people(jobs: list[dict]) -> list[dict]:
    return [p for job in jobs for p in job["data"]["attributes"]["profiles"]["data"]]


@given(PROFILES)
def test_jobs_hold_everybody_once_and_none_is_too_large(profiles: list[ProfileValues]) -> None:
    jobs = list(import_jobs(profiles, SMALL))
    assert people(jobs) == people(list(import_jobs(profiles)))
    assert [p["attributes"]["email"] for p in people(jobs)] == [p.email for p in profiles]
    for job in jobs:
        assert 1 <= len(people([job])) <= SMALL.profiles
        assert len(json.dumps(job)) <= SMALL.job_bytes


@given(PROFILES)
@example([ProfileValues({"cluster": "\r0"}, "a@example.com")])
def test_files_hold_everybody_once_and_none_is_too_large(profiles: list[ProfileValues]) -> None:
    parts = list(csv_parts(profiles, SMALL))
    rows = [row for text in parts for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert [r["Email"] for r in rows] == [p.email for p in profiles]
    assert len({text.splitlines()[0] for text in parts}) <= 1
    for text in parts:
        # One row too large for a file is a file of its own.
        assert len(text.encode()) <= SMALL.file_bytes or len(list(csv.reader(io.StringIO(text, newline="")))) == 2
    for row, profile in zip(rows, profiles, strict=True):
        for name, value in profile.properties.items():
            if isinstance(value, str):
                assert row[name] == value
            if isinstance(value, tuple):
                assert json.loads(row[name]) == list(value)


def test_a_job_is_what_klaviyo_asks_for() -> None:
    from openapi_client.models.profile_import_job_create_query import ProfileImportJobCreateQuery

    values = {
        "cluster_2026_07_01": "c1",
        "share": 0.5,
        "vip": True,
        "seen": date(2026, 6, 30),
        "tags": ("a",),
        "n": None,
    }
    (job,) = import_jobs(
        [ProfileValues(values, "a@example.com", "+15005550006"), ProfileValues({}, None, "+15005550007")]
    )
    assert job["data"]["type"] == "profile-bulk-import-job"
    assert people([job])[0] == {
        "type": "profile",
        "attributes": {
            "email": "a@example.com",
            "phone_number": "+15005550006",
            "properties": {**values, "seen": "2026-06-30", "tags": ["a"]},
        },
    }
    assert people([job])[1]["attributes"] == {"phone_number": "+15005550007", "properties": {}}
    taken = ProfileImportJobCreateQuery.from_dict(job).to_dict()
    assert (
        taken["data"]["attributes"]["profiles"]["data"][0]["attributes"]["properties"]
        == people([job])[0]["attributes"]["properties"]
    )


def test_the_published_limits_are_kept() -> None:
    plain = [ProfileValues({"n": i}, f"{i}@example.com") for i in range(10_001)]
    assert [len(people([job])) for job in import_jobs(plain)] == [10_000, 1]
    wide = [ProfileValues({"x": "y" * 90_000}, f"{i}@example.com") for i in range(60)]
    assert [len(people([job])) for job in import_jobs(wide)] == [55, 5]
    with pytest.raises(DataError, match="at most 100,000 bytes"):
        list(import_jobs([ProfileValues({"x": "y" * 100_000}, "a@example.com")]))
    # Escaped as it is sent, a letter beyond ASCII takes six bytes.
    with pytest.raises(DataError, match="at place 2"):
        list(import_jobs([plain[0], ProfileValues({"x": "é" * 20_000}, "a@example.com")]))


def test_cells_are_for_a_machine() -> None:
    values = {"a": "=1+1", "b": True, "c": None, "d": float("nan"), "e": date(2026, 6, 30), "f": ("é", 'say "x"')}
    (text,) = csv_parts([ProfileValues(values, "a@example.com"), ProfileValues({"g": 1.5}, None, "+15005550006")])
    assert list(csv.reader(io.StringIO(text))) == [
        ["Email", "Phone Number", "a", "b", "c", "d", "e", "f", "g"],
        ["a@example.com", "", "=1+1", "true", "", "", "2026-06-30", '["é", "say \\"x\\""]', ""],
        ["", "+15005550006", "", "", "", "", "", "", "1.5"],
    ]
    assert list(csv_parts([])) == list(import_jobs([])) == []


def test_who_cannot_be_found_and_what_cannot_be_named_is_refused() -> None:
    with pytest.raises(UsageError, match="an e-mail or a phone"):
        ProfileValues({"a": 1})
    with pytest.raises(UsageError, match="must not hold a quote"):
        ProfileValues({"it's": 1}, "a@example.com")
