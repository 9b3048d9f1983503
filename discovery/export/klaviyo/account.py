"""A Klaviyo account, reached with the official package."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from discovery.core.errors import DataError, UsageError
from discovery.export.klaviyo.payload import Payload
from discovery.export.klaviyo.shapes import as_document

KEY = "KLAVIYO_API_KEY"
_SECONDS = 60.0


class Refused(DataError):
    """Klaviyo did not do what it was asked; `retry_after` is when to ask again, in seconds, where it says so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Account:
    """A Klaviyo account. Its private key stands in no message, representation or log.

    Parameters
    ----------
    environ : mapping
        Holds the private key as ``KLAVIYO_API_KEY``; it is read from nowhere else.
    host : str
        Instead of Klaviyo's own.

    Raises
    ------
    UsageError
        If the key is not set, or the package is not installed.
    """

    def __init__(self, environ: Mapping[str, str], host: str = "") -> None:
        self._key = environ.get(KEY, "")
        # Anything else would come back in an error about the header it does not fit.
        if not re.fullmatch(r"[!-~]+", self._key):
            found = "got something else" if self._key else "got nothing"
            raise UsageError(
                f"The environment variable {KEY} must hold a private key with the scopes segments:write and "
                f"segments:read, {found}. Make one in Klaviyo under Settings, API keys."
            )
        try:
            from klaviyo_api import KlaviyoAPI
        except ImportError as error:
            raise UsageError(
                "Sending to Klaviyo needs its package. Install it with: pip install 'segment-discovery[klaviyo]'."
            ) from error
        # We repeat requests ourselves, for only we know which may be: a segment must not be created twice.
        options = {"USE_DICTIONARY_FOR_RESPONSE_DATA": True}
        self._segments = KlaviyoAPI(self._key, max_retries=0, test_host=host, options=options).Segments

    def create(self, payload: Payload) -> str:
        """Create a segment and return its id."""
        document = as_document(payload)
        return str(self._asked(lambda: self._segments.create_segment(document, _request_timeout=_SECONDS))["id"])

    def is_processing(self, segment: str) -> bool:
        """Return whether Klaviyo is still working out who is in a segment."""
        found = self._asked(lambda: self._segments.get_segment(segment, _request_timeout=_SECONDS))
        return bool(found["attributes"]["is_processing"])

    def _asked(self, request: Callable[[], Any]) -> Any:
        """Return the data Klaviyo answers with. What a request raised is not chained: it may hold the request."""
        try:
            return request()["data"]
        except Exception as error:
            status = getattr(error, "status", None)
            said = _details(getattr(error, "body", None)) or type(error).__name__
            headers = getattr(error, "headers", None) or {}
            after = headers.get("Retry-After", "") if status == 429 else ""
            # Below 500 it is sure that nothing was done.
            doubt = "" if status and status < 500 else "; look in the account whether it was done all the same"
            told = f"{said} (status {status}){doubt}".replace(self._key, "(key)")
            refused = Refused(told, float(after) if after.isdigit() else None)
        raise refused


def _details(body: str | None) -> str:
    """Return what is wrong, in Klaviyo's words."""
    try:
        return " ".join(str(e["detail"]) for e in json.loads(body or "")["errors"])
    except (ValueError, LookupError, TypeError):
        return ""
