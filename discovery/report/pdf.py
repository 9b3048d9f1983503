"""Print a page to PDF with the Chromium, Chrome or Edge that is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from datetime import date
from pathlib import Path

#: Names on the path, then where macOS and Windows put them.
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
NO_BROWSER = (
    "The PDF was not made: it needs Chromium, Chrome or Edge (131 or newer), and none was found. Install one "
    "(Debian: apt-get install chromium), or set BROWSER_PATH to it, and write the report again."
)
SECONDS = 120
_DATES = re.compile(rb"(/(?:Creation|Mod)Date \(D:)\d{14}")


def browser() -> str | None:
    """Return the browser to print with: that of ``BROWSER_PATH``, or the first that is found."""
    named = os.environ.get("BROWSER_PATH", "")
    return next((found for name in (named, *BROWSERS) if name and (found := shutil.which(name))), None)


def write(to: Path, html: str, when: date) -> str:
    """Print `html` to the PDF `to`, dated `when`; return what is missing, in words, or nothing.

    The browser draws the charts as vectors and sets the page numbers, so nothing else is needed; the page it prints is
    the one people open.
    """
    program = browser()
    if program is None:
        return NO_BROWSER
    with tempfile.TemporaryDirectory(prefix="report-", ignore_cleanup_errors=True) as room:
        page, made = Path(room) / "report.html", Path(room) / "report.pdf"
        page.write_text(html, encoding="utf-8")
        command = [
            program,
            "--headless",
            # The page is our own, asks nothing of anybody, and containers rarely allow the browser's own sandbox.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-extensions",
            "--no-first-run",
            f"--user-data-dir={room}/profile",
            "--no-pdf-header-footer",
            "--generate-pdf-document-outline",
            f"--print-to-pdf={made}",
            f"{page.as_uri()}#print",
        ]
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"The PDF was not made: {program} failed ({error}). Print report.html from a browser instead."
        if done.returncode or not made.exists():
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            return (
                f"The PDF was not made: {program} ended with code {done.returncode} "
                f"({said[-1] if said else 'it said nothing'}). Print report.html from a browser instead."
            )
        # The same review gives the same bytes: the date is its own, not that of the printing.
        to.write_bytes(_DATES.sub(rb"\g<1>" + f"{when:%Y%m%d}000000".encode(), made.read_bytes()))
    return ""
