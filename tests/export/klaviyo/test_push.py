"""The official package takes our payloads unaltered, and what is sent keeps to Klaviyo's limits and hides the key."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from discovery.core.errors import DataError, UsageError
from discovery.export.klaviyo.account import KEY, Account
from discovery.export.klaviyo.definition import Definition, Group
from discovery.export.klaviyo.events import Metric
from discovery.export.klaviyo.filters import Filter
from discovery.export.klaviyo.payload import Payload, payload, read_payload
from discovery.export.klaviyo.push import Created, PushLimits, push
from discovery.export.klaviyo.shapes import as_document
from tests.export.klaviyo.examples import VALID

SECRET = "pk_0123456789abcdef"
ENVIRON = {KEY: SECRET}
PAYLOADS = [read_payload(document) for document in VALID.values()]


@dataclass
class Klaviyo:
    """A server on this machine that answers as Klaviyo does, and remembers what it was asked."""

    host: str = ""
    asked: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    #: Answers to give before the usual ones: status, headers, body.
    first: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)
    #: For how many looks a new segment is still being worked out.
    slow: int = 0
    looks: dict[str, int] = field(default_factory=dict)

    def answer(self, method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, str], Any]:
        self.asked.append((method, path, headers, body))
        if self.first:
            return self.first.pop(0)
        if method == "POST":
            name = f"S{sum(m == 'POST' for m, *_ in self.asked)}"
            return 201, {}, self._segment(name, True)
        name = path.split("?")[0].rsplit("/", 1)[-1]
        self.looks[name] = self.looks.get(name, 0) + 1
        return 200, {}, self._segment(name, self.looks[name] <= self.slow)

    @property
    def bodies(self) -> list[Any]:
        return [body for method, *_, body in self.asked if method == "POST"]

    def _segment(self, name: str, processing: bool) -> Any:
        state = {"is_active": True, "is_processing": processing, "is_starred": False}
        return {"data": {"type": "segment", "id": name, "attributes": state, "links": {"self": "http://x"}}}


@pytest.fixture
def klaviyo() -> Iterator[Klaviyo]:
    found = Klaviyo()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(text) if text else None
            status, headers, out = found.answer(self.command, self.path, dict(self.headers), body)
            answer = json.dumps(out).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/vnd.api+json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.host = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def send(payloads: list[Payload], klaviyo: Klaviyo, **more: Any) -> tuple[tuple[Created, ...], list[float]]:
    """Push for real, and return what was created and the waits."""
    waits: list[float] = []
    made = push(payloads, dry_run=False, environ=ENVIRON, host=klaviyo.host, sleep=waits.append, **more)
    return made, waits


@pytest.mark.parametrize("name", VALID)
def test_the_official_package_takes_our_payloads_whole(name: str) -> None:
    from openapi_client.models.segment_create_query import SegmentCreateQuery

    document = as_document(read_payload(VALID[name]))
    assert SegmentCreateQuery.from_dict(document).to_dict() == document


def test_every_payload_arrives_unaltered(klaviyo: Klaviyo) -> None:
    made, _ = send(PAYLOADS, klaviyo)
    assert klaviyo.bodies == list(VALID.values())
    assert [m.name for m in made] == [p["data"]["attributes"]["name"] for p in VALID.values()]
    assert len({m.id for m in made}) == len(made)
    method, path, headers, _ = klaviyo.asked[0]
    assert (method, path) == ("POST", "/api/segments")
    assert headers["Content-Type"] == "application/vnd.api+json"
    assert headers["revision"] >= "2026-07-15"
    assert headers["Authorization"] == f"Klaviyo-API-Key {SECRET}"


def test_a_dry_run_needs_no_key_and_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "klaviyo_api", None)
    monkeypatch.delenv(KEY, raising=False)
    assert push(PAYLOADS[:2]) == tuple(Created(p.data.attributes.name) for p in PAYLOADS[:2])
    with pytest.raises(UsageError, match=r"segment-discovery\[klaviyo\]"):
        push(PAYLOADS[:1], dry_run=False, environ=ENVIRON)


def test_what_the_grammar_forbids_is_not_sent(klaviyo: Klaviyo) -> None:
    wrong = Metric("PLCORD", "average", Filter("numeric", "equals", 1), Filter("date", "alltime"))  # type: ignore[arg-type]
    payloads = [PAYLOADS[0], payload("Average", Definition((Group((wrong,)),)))]
    with pytest.raises(DataError, match=r'measurement must be one of "count", "sum"'):
        push(payloads)
    with pytest.raises(DataError, match="measurement"):
        send(payloads, klaviyo)
    assert klaviyo.asked == []


def test_one_every_four_seconds_and_a_hundred_a_day(klaviyo: Klaviyo) -> None:
    _, waits = send(PAYLOADS[:4], klaviyo)
    assert waits == [4.0, 4.0, 4.0]
    assert 60 / waits[0] <= 15
    for made, today in ((101, 0), (1, 100)):
        with pytest.raises(UsageError, match="At most 100 segments"):
            push(PAYLOADS[:1] * made, created_today=today)
    assert len(push(PAYLOADS[:1] * 100)) == 100


def test_at_most_five_are_processed_at_a_time(klaviyo: Klaviyo) -> None:
    klaviyo.slow = 2
    _, waits = send(PAYLOADS[:6], klaviyo)
    # Five at once; before the sixth, looks until one of them is done.
    assert [m for m, *_ in klaviyo.asked] == ["POST"] * 5 + ["GET"] * 15 + ["POST"]
    assert waits == [4.0] * 5 + [10.0] * 2


def test_patience_ends(klaviyo: Klaviyo) -> None:
    klaviyo.slow = 99
    with pytest.raises(DataError, match=r"still works out 5 segments.*Created before it: .*\(S5\)"):
        send(PAYLOADS[:6], klaviyo, limits=PushLimits(looks=3))
    assert len(klaviyo.bodies) == 5


def test_only_what_was_not_taken_is_sent_again(klaviyo: Klaviyo) -> None:
    klaviyo.first = [(429, {"Retry-After": "7"}, {}), (429, {"Retry-After": "8"}, {})]
    made, waits = send(PAYLOADS[:1], klaviyo)
    assert waits == [7.0, 8.0]
    assert len(made) == 1
    for status, headers in ((503, {}), (503, {"Retry-After": "1"}), (429, {}), (429, {"Retry-After": "86400"})):
        before = len(klaviyo.asked)
        klaviyo.first = [(status, headers, {})]
        with pytest.raises(DataError, match=f"status {status}") as refused:
            send(PAYLOADS[:1], klaviyo)
        assert ("look in the account" in str(refused.value)) == (status == 503)
        assert len(klaviyo.asked) == before + 1


def test_klaviyos_words_are_told_with_what_was_created(klaviyo: Klaviyo) -> None:
    usual = klaviyo.answer

    def second_fails(method: str, path: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, str], Any]:
        answered = usual(method, path, headers, body)
        wrong = {"errors": [{"id": "1", "code": "invalid", "title": "Invalid", "detail": "No metric has this id."}]}
        return (400, {}, wrong) if len(klaviyo.bodies) == 2 else answered

    klaviyo.answer = second_fails  # type: ignore[method-assign]
    first, second = (p.data.attributes.name for p in PAYLOADS[:2])
    with pytest.raises(DataError) as refused:
        send(PAYLOADS[:3], klaviyo)
    assert str(refused.value) == (
        f"Segment {second!r} was not created: No metric has this id. (status 400). Created before it: {first!r} (S1)."
    )


def everything(error: BaseException) -> str:
    """Return all that could be printed of an error, and of those it came from."""
    text = f"{error!r} {error} {vars(error)}"
    return text + "".join(everything(e) for e in (error.__cause__, error.__context__) if e is not None)


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_the_key_is_in_no_error_and_no_log(
    klaviyo: Klaviyo, status: int, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    klaviyo.first = [(status, {"X-Echo": SECRET}, {"errors": [{"detail": f"The key {SECRET} is not allowed."}]})]
    with pytest.raises(DataError) as refused:
        send(PAYLOADS[:1], klaviyo)
    printed = capsys.readouterr()
    assert "The key (key) is not allowed." in str(refused.value)
    for text in (everything(refused.value), caplog.text, printed.out, printed.err, repr(Account(ENVIRON))):
        assert SECRET not in text


def test_nobody_there_is_said_without_the_key(klaviyo: Klaviyo) -> None:
    klaviyo.host = "http://127.0.0.1:9"
    with pytest.raises(DataError, match="was not created: MaxRetryError") as refused:
        send(PAYLOADS[:1], klaviyo)
    assert SECRET not in everything(refused.value)


@pytest.mark.parametrize("key", ["", " ", f"{SECRET}\n", f"{SECRET} x", "pk_é"])
def test_a_key_that_is_none_is_refused_unseen(key: str) -> None:
    with pytest.raises(UsageError, match="KLAVIYO_API_KEY must hold a private key") as refused:
        push(PAYLOADS[:1], dry_run=False, environ={KEY: key})
    assert "pk_" not in everything(refused.value)
