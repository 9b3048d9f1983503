"""The gate: whether people must log in, who may pass, and what they are called."""

from __future__ import annotations

import os
import sys

import streamlit as st
from streamlit.errors import StreamlitAuthError

from discovery.charts import html
from discovery.charts.theme import theme
from discovery.dashboard import frame
from discovery.dashboard.style import sheet

VARIABLE = "SEGMENT_DISCOVERY_LOGIN"
#: Table and key of the secrets that say who may pass: e-mail addresses, or ``@`` and a domain for all of it.
TABLE, ALLOWED = "dashboard", "allowed"
_NO_PROVIDER = (
    "Log-in was switched on, and nothing says where people log in. Name an OpenID Connect provider in a TOML file, and "
    "start the dashboard with it; docs/deploying.md says more:"
)
PROVIDER = """discovery dashboard --workspace FOLDER --login login.toml

# login.toml
[auth]
redirect_uri = "https://ADDRESS/oauth2callback"
cookie_secret = "A LONG RANDOM TEXT"
client_id = "..."
client_secret = "..."
server_metadata_url = "https://PROVIDER/.well-known/openid-configuration"

[dashboard]
allowed = ["@YOUR-COMPANY"]"""


def asked() -> bool:
    """Return whether people must log in: ``--login`` among the app's own arguments, or any value of the variable."""
    return "--login" in sys.argv[1:] or bool(os.environ.get(VARIABLE))


def passed() -> bool:
    """Return whether pages may be shown to this reader."""
    return not asked() or (bool(st.user.get("is_logged_in")) and _allowed())


def user_name() -> str:
    """Return what the reader who logged in is called; empty where nobody did."""
    if not st.user.get("is_logged_in"):
        return ""
    return next((str(st.user[claim]) for claim in ("name", "email", "sub") if st.user.get(claim)), "")


def show(passed: bool) -> None:
    """Say who is there; where they may not see the pages, show how to log in instead of them."""
    if passed:
        if asked():
            with st.sidebar:
                st.html(html.block(html.text(f"Logged in as {user_name()}.", css="muted")))
                _show_logout()
        return
    st.html(sheet(theme(st.context.theme.type)))
    if "is_logged_in" not in st.user:
        frame.stop("There is no way to log in yet.", _NO_PROVIDER, PROVIDER)
    if st.user.get("is_logged_in"):
        st.html(html.block(html.text(f"{user_name()} may not see these pages", "h1")))
        st.html(html.block(html.text("Ask whoever runs this dashboard to allow your e-mail address.")))
        _show_logout()
        return
    st.html(html.block(html.text("Log in to see the segments", "h1")))
    if st.button("Log in", type="primary"):
        try:
            st.login()
        except StreamlitAuthError as error:
            install = "It needs the extra `login`: pip install 'segment-discovery[login]'."
            st.error(f"Nobody can log in yet. {error} {install if 'Authlib' in str(error) else ''}")


def _allowed() -> bool:
    """Return whether the reader's address is on the list; with no list, whoever the provider lets in."""
    listed = st.secrets.get(TABLE, {}).get(ALLOWED) if st.secrets.load_if_toml_exists() else None
    if listed is None:
        return True
    if st.user.get("email_verified") is False:
        return False
    address = str(st.user.get("email") or "").lower()
    known = [one.lower() for one in ([listed] if isinstance(listed, str) else listed)]
    # A provider may send no address, and an entry may be empty: nobody is not on a list.
    return bool(address) and (address in known or any(one.startswith("@") and address.endswith(one) for one in known))


def _show_logout() -> None:
    if st.button("Log out", key="log-out"):
        st.logout()
