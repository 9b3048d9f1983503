"""Behind a proxy with a base path every page works; behind a log-in nobody sees one before."""

from __future__ import annotations

import base64
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.browser.test_dashboard import READY, Watched, chromium, served, watched
from tests.browser.test_journeys import ready
from tests.dashboard.test_review_page import simulated, write_example

pytestmark = pytest.mark.browser
__all__ = ["chromium", "simulated", "watched"]
BASE = "shop/segments"
PAGES = (
    "Overview", "Discover", "Segments", "Rules beside clusters", "Validate", "Merges", "Breakdowns", "Review", "Export",
)  # fmt: skip
NEW_ANSWER = "old => document.querySelector('h1') && document.querySelector('h1').innerText !== old"


@pytest.fixture(scope="module")
def address(chromium: object, simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app under a base path."""
    with served(simulated, tmp_path_factory.mktemp("server") / "log.txt", base=BASE) as found:
        yield found


@pytest.mark.parametrize("watched", [(1440, "light")], indirect=True)
def test_every_page_works_under_a_base_path(watched: Watched, address: str) -> None:
    page, fetched, missing = watched.page, list[str](), list[str]()
    page.on("response", lambda r: fetched.append(r.url) if "topojson" in r.url and r.ok else None)
    page.on("response", lambda r: missing.append(r.url) if r.status >= 400 else None)
    said = ""
    for name in PAGES:
        if name != "Overview":
            page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
            page.wait_for_url(f"**/{BASE}/{name.lower().split()[0]}*")
        # Every page has one answer of its own; until it is there, that of the page before may be.
        page.wait_for_function(NEW_ANSWER, arg=said, timeout=60_000)
        page.wait_for_selector(READY, timeout=60_000)
        said = page.locator("h1").inner_text()
        assert page.locator('[data-testid="stException"], [data-testid="stAlert"]').count() == 0
        if name == "Breakdowns":
            page.locator(".js-plotly-plot .choroplethlayer path").first.wait_for(state="attached", timeout=30_000)
            # A view is a link here as well.
            page.goto(page.url)
            page.locator(".js-plotly-plot .choroplethlayer path").first.wait_for(state="attached", timeout=30_000)
            assert page.locator("h1").inner_text() == said
        if name == "Review":
            page.locator(".js-plotly-plot").nth(3).wait_for(state="attached", timeout=30_000)
            with page.expect_download(timeout=60_000) as given:
                page.get_by_role("button", name="Download the one-page summary").click()
            assert Path(given.value.path()).read_text("utf-8").startswith("#")
    assert fetched
    assert all(url.startswith(f"{address}/app/static/topojson/") for url in fetched)
    assert watched.elsewhere == []
    # Opened by its link, a page looks for the server under its own path first, then a step further up.
    assert all(url.startswith(f"{address}/breakdowns/_stcore/") for url in missing)
    assert len(watched.errors) == len(missing)


@pytest.mark.parametrize(
    ("origin", "status"), [("https://shop.example.com", 101), ("https://elsewhere.example.com", 403)]
)
def test_a_proxy_that_passes_the_host_is_let_in(address: str, origin: str, status: int) -> None:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (
        f"GET /{BASE}/_stcore/stream HTTP/1.1", "Host: shop.example.com", f"Origin: {origin}", "Upgrade: websocket",
        "Connection: Upgrade", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", "",
    )  # fmt: skip
    with socket.create_connection(("127.0.0.1", urlsplit(address).port), timeout=30) as to:
        to.sendall("\r\n".join(lines).encode())
        assert int(to.recv(64).split()[1]) == status


class Provider(BaseHTTPRequestHandler):
    """An OpenID Connect provider that knows one person and lets her in at once."""

    key: object
    nonce = ""

    @property
    def here(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def do_GET(self) -> None:
        path, asked = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path == "/authorize":
            type(self).nonce = asked["nonce"][0]
            back = urlencode({"code": "once", "state": asked["state"][0]})
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri'][0]}?{back}")
            self.end_headers()
        elif path == "/keys":
            self.answer({"keys": [self.key.as_dict(private=False)]})
        else:
            ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            self.answer({"issuer": self.here, **{name: f"{self.here}/{end}" for name, end in ends.items()}})

    def do_POST(self) -> None:
        from joserfc import jwt

        now = int(time.time())
        claims = {"iss": self.here, "sub": "1", "aud": "segments", "iat": now, "exp": now + 600, "nonce": self.nonce,
                  "name": "Ana", "email": "ana@example.com", "email_verified": True}  # fmt: skip
        token = jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        self.answer({"access_token": "a", "token_type": "Bearer", "expires_in": 600, "id_token": token})

    def answer(self, body: object) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[str]:
    pytest.importorskip("authlib")
    jwk = pytest.importorskip("joserfc.jwk")
    Provider.key = jwk.RSAKey.generate_key(2048, parameters={"kid": "one"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@pytest.mark.parametrize(("allowed", "passes"), [("@example.com", True), ("@example.org", False)])
def test_logging_in_and_out(chromium: object, provider: str, tmp_path: Path, allowed: str, passes: bool) -> None:
    write_example(tmp_path / "w")
    secrets = tmp_path / "login.toml"
    secrets.write_text(
        f'[auth]\nredirect_uri = "http://127.0.0.1:{{port}}/{BASE}/oauth2callback"\n'
        'cookie_secret = "only for this test, and long"\nclient_id = "segments"\nclient_secret = "hidden"\n'
        f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n'
        f'[dashboard]\nallowed = ["{allowed}"]\n'
    )
    with served(tmp_path / "w", tmp_path / "log.txt", base=BASE, secrets=secrets) as address:
        context = chromium.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.goto(f"{address}/review")
        ready(page)
        page.get_by_role("heading", name="Log in to see the segments").wait_for()
        assert "Lapsed" not in page.content()
        assert page.get_by_test_id("stSidebarNav").count() == 0
        page.get_by_role("button", name="Log in").click()
        if passes:
            page.get_by_text("Logged in as Ana.").wait_for(timeout=60_000)
            assert urlsplit(page.url).path.rstrip("/") == f"/{BASE}"
            page.locator(".js-plotly-plot").first.wait_for(timeout=60_000)
            page.goto(f"{address}/review")
            page.get_by_text("You decide as Ana.").wait_for(timeout=60_000)
            assert page.get_by_role("textbox", name="Your name").count() == 0
        else:
            page.get_by_role("heading", name="Ana may not see these pages").wait_for(timeout=60_000)
            assert page.locator(".js-plotly-plot").count() == 0
        ready(page)
        page.get_by_role("button", name="Log out").click()
        page.get_by_role("heading", name="Log in to see the segments").wait_for(timeout=60_000)
        assert page.locator(".js-plotly-plot").count() == 0
        context.close()
