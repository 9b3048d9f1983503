"""The report of a review: every form says the same, asks nothing of anybody, and names what could not be made."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pypdfium2
import pytest
from playwright import sync_api
from python_calamine import CalamineWorkbook

from discovery.charts.decisions import decisions_data, decisions_title
from discovery.charts.drift import drift_data
from discovery.charts.movement import movement_data
from discovery.charts.rates import measures, rates_data
from discovery.core.errors import UsageError
from discovery.core.review import Identity, Review
from discovery.report import Report, page, pdf, write_report
from discovery.report.methods import identity
from tests.report.conftest import Reviewed

GOLDEN = Path(__file__).parents[1] / "golden" / "review.md"
#: A name that a spreadsheet would reckon, a browser would run and Markdown would set in a table of its own.
EVIL = '=1+2 | <img src="http://example.org/x"> </script> "); }'
A4, LETTER = (595, 842), (612, 792)


def renamed(review: Review, name: str) -> Review:
    first, *rest = review.segments
    return replace(review, segments=(replace(first, name=name), *rest))


# --- all forms --------------------------------------------------------------------------------------------------------


def test_every_form_is_written_whole_and_nothing_else(report: Report) -> None:
    assert list(report.paths) == ["html", "pdf", "xlsx", "md"]
    assert report.missing == ()
    folder = report.paths["html"].parent
    assert sorted(p.name for p in folder.iterdir()) == ["report.html", "report.md", "report.pdf", "report.xlsx"]


def test_the_same_sentences_stand_in_every_form(report: Report, reviewed: Reviewed) -> None:
    review = reviewed[0]
    texts = {
        "html": parsed(report).text,
        "pdf": " ".join(words(report.paths["pdf"])),
        "xlsx": " ".join(str(v) for sheet in workbook(report.paths["xlsx"]).values() for row in sheet for v in row),
        "md": report.paths["md"].read_text(),
    }
    for form, text in texts.items():
        flat = re.sub(r"\s+", "", text)
        for sentence in (*review.summary, *(s.reason for s in review.segments)):
            assert re.sub(r"\s+", "", sentence) in flat, (form, sentence)


def test_no_customer_is_named_in_any_form(report: Report, reviewed: Reviewed) -> None:
    ids = reviewed[0].customers["customer_id"]
    said = " ".join(words(report.paths["pdf"])) + parsed(report).text + report.paths["md"].read_text()
    with zipfile.ZipFile(report.paths["xlsx"]) as book:
        said += book.read("xl/sharedStrings.xml").decode()
    assert not [i for i in ids if i in said]


def test_the_same_review_gives_the_same_bytes(report: Report, reviewed: Reviewed, tmp_path: Path) -> None:
    again = write_report(*reviewed, tmp_path)
    for form, path in again.paths.items():
        assert path.read_bytes() == report.paths[form].read_bytes(), form


def test_a_wrong_format_paper_or_run_is_refused(reviewed: Reviewed, tmp_path: Path) -> None:
    review, before, now = reviewed
    with pytest.raises(UsageError, match="must be one of html, pdf, xlsx, md, got 'htm'"):
        write_report(review, before, now, tmp_path, formats=["htm"])  # type: ignore[list-item]
    with pytest.raises(UsageError, match="A4 or Letter, got 'A5'"):
        write_report(review, before, now, tmp_path, paper="A5")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="must be those of the review"):
        write_report(review, now, before, tmp_path)


# --- the page ---------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page holds: its text, its headings, its charts and tables in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.order, self.alts, self.levels = "", [], [], []
        self.aside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.aside = tag in ("script", "style")
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if given.get("class") == "chart":
            self.alts.append(given.get("aria-label") or "")
            self.order.append("chart")
        if tag == "table":
            self.order.append("table")

    def handle_endtag(self, tag: str) -> None:
        self.aside = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self.aside else f"{data} "


def parsed(report: Report) -> Page:
    found = Page()
    found.feed(report.paths["html"].read_text())
    return found


def test_every_chart_has_words_and_a_table_after_it(report: Report, reviewed: Reviewed) -> None:
    found = parsed(report)
    assert found.order.count("chart") == 1 + len([m for m in measures(reviewed[0]) if m.charted]) + 1 + 7
    assert all(len(alt) > 40 for alt in found.alts)
    assert not re.search("chart,chart", ",".join(found.order))
    assert found.order[-1] == "table"


def test_headings_begin_once_and_skip_no_level(report: Report) -> None:
    levels = parsed(report).levels
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_table_says_which_file_it_is_from(report: Report, reviewed: Reviewed) -> None:
    review, _, now = reviewed
    text = report.paths["html"].read_text()
    named = set(re.findall(r"From <code>([^<]*)</code>", text))
    files = {f"reviews/{review.id}/{name}" for name in ("review.json", "rates.parquet", "drift.parquet")}
    assert named == files | {f"runs/{now.id}/evidence.json", f"runs/{now.id}/run.json"}


def test_a_name_is_never_markup(reviewed: Reviewed) -> None:
    review, before, now = reviewed
    text = page.page(renamed(review, EVIL), before, now)
    assert "<img" not in text.split("<body")[1].split("<script>")[0]
    # As many scripts end as begin: the name has not ended one.
    assert len(re.findall(r"<script", text)) == len(re.findall(r"</script>", text))


@pytest.fixture(scope="module")
def chromium(browser: str) -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield running
        running.close()


def opened(chromium: sync_api.Browser, path: Path, width: int, scheme: str) -> SimpleNamespace:
    """Open a page as from disk; everything it asks of anybody is cut off and counted."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    shown = context.new_page()
    asked: list[str] = []
    errors: list[str] = []

    def answer(route: sync_api.Route) -> None:
        if route.request.url == path.as_uri():
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    shown.route("**/*", answer)
    shown.on("pageerror", lambda error: errors.append(str(error)))
    shown.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    shown.goto(path.as_uri())
    shown.locator(".chart .main-svg").first.wait_for()
    return SimpleNamespace(page=shown, asked=asked, errors=errors)


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_the_page_opens_from_disk_and_asks_nothing_of_anybody(
    report: Report, chromium: sync_api.Browser, width: int, scheme: str
) -> None:
    found = opened(chromium, report.paths["html"], width, scheme)
    assert (found.asked, found.errors) == ([], [])
    drawn = found.page.evaluate("[...document.querySelectorAll('.chart')].every(c => c.querySelector('.main-svg'))")
    assert drawn
    # Nothing is wider than the screen; what is scrolls inside itself.
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    ground = found.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 20, 23)"}[scheme]


@pytest.mark.browser
def test_an_evil_name_does_nothing_in_the_browser(
    reviewed: Reviewed, chromium: sync_api.Browser, tmp_path: Path
) -> None:
    review, before, now = reviewed
    written = write_report(renamed(review, EVIL), before, now, tmp_path, formats=["html"])
    found = opened(chromium, written.paths["html"], 800, "light")
    assert (found.asked, found.errors) == ([], [])
    assert found.page.locator("h2", has_text=EVIL).count() == 1


# --- paper ------------------------------------------------------------------------------------------------------------


def words(path: Path) -> list[str]:
    """Return the text of every page."""
    book = pypdfium2.PdfDocument(path)
    try:
        return [book[i].get_textpage().get_text_range() for i in range(len(book))]
    finally:
        book.close()


def sizes(path: Path) -> set[tuple[int, int]]:
    book = pypdfium2.PdfDocument(path)
    try:
        return {(round(w), round(h)) for w, h in (book[i].get_size() for i in range(len(book)))}
    finally:
        book.close()


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_pages_are_numbered_and_carry_the_title(report: Report) -> None:
    pages = words(report.paths["pdf"])
    assert len(pages) < 25
    for number, text in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in text
        assert flat(text).startswith("Quarterly review: KMeans segments, 10 Jun 2011 to 10 Sep 2011")


def test_the_decisions_stand_on_the_first_page(report: Report, reviewed: Reviewed) -> None:
    first = flat(words(report.paths["pdf"])[0])
    assert decisions_title(reviewed[0]) in first
    for s in reviewed[0].segments:
        assert s.action.value in first
        assert re.sub(" ", "", s.reason) in re.sub(" ", "", first)


def test_every_segment_has_one_page_and_the_methods_come_last(report: Report, reviewed: Reviewed) -> None:
    pages = [flat(text) for text in words(report.paths["pdf"])]
    running = "Quarterly review: KMeans segments, 10 Jun 2011 to 10 Sep 2011"
    starts = {
        s.name: [
            i for i, text in enumerate(pages) if text.startswith(f"{running} Page {i + 1} of {len(pages)} {s.name} ")
        ]
        for s in reviewed[0].segments
    }
    assert all(len(found) == 1 for found in starts.values()), starts
    order = [found[0] for found in starts.values()]
    assert order == list(range(order[0], order[0] + 7))
    assert "How this was measured" in pages[order[-1] + 1]
    assert len(pages) == order[-1] + 2


def test_one_long_word_makes_nothing_else_smaller(report: Report, reviewed: Reviewed, tmp_path: Path) -> None:
    def heading(path: Path) -> float:
        book = pypdfium2.PdfDocument(path)
        try:
            page = book[1].get_textpage()
            start, _ = page.search("Who moved").get_next()
            _, bottom, _, top = page.get_charbox(start)
            return round(top - bottom, 1)
        finally:
            book.close()

    review, before, now = reviewed
    long = write_report(renamed(review, "Donaudampfschiff" * 5), before, now, tmp_path, formats=["pdf"])
    assert heading(long.paths["pdf"]) == heading(report.paths["pdf"])


def test_paper_is_a4_or_letter(report: Report, reviewed: Reviewed, tmp_path: Path) -> None:
    letter = write_report(*reviewed, tmp_path, paper="Letter", formats=["pdf"])
    assert sizes(report.paths["pdf"]) == {A4}
    assert sizes(letter.paths["pdf"]) == {LETTER}


def test_without_a_browser_all_else_is_written_and_the_report_says_so(
    reviewed: Reviewed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    (tmp_path / "report.pdf").write_bytes(b"of an earlier review")
    written = write_report(*reviewed, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html", "report.md", "report.xlsx"]
    assert "pdf" not in written.paths
    assert written.missing == (pdf.NO_BROWSER,)


@pytest.mark.parametrize("name", ["false", "sleep"])
def test_a_browser_that_fails_is_named(
    reviewed: Reviewed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\n" + {"false": "echo no display >&2; exit 3", "sleep": "exec sleep 30"}[name])
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(program))
    monkeypatch.setattr(pdf, "SECONDS", 0.2 if name == "sleep" else 60)
    said = pdf.write(tmp_path / "report.pdf", "<p>a</p>", date(2011, 9, 10))
    assert {"false": "ended with code 3 (no display)", "sleep": "timed out"}[name] in said
    assert "Print report.html" in said
    assert not (tmp_path / "report.pdf").exists()


# --- the workbook -----------------------------------------------------------------------------------------------------


def workbook(path: Path) -> dict[str, list[list[object]]]:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def sheet(path: Path, name: str, heading: str = "Segment") -> pd.DataFrame:
    rows = workbook(path)[name]
    top = next(i for i, row in enumerate(rows) if row[0] == heading)
    return pd.DataFrame(rows[top + 1 :], columns=rows[top]).replace("", None)


def test_there_is_a_sheet_for_every_table_and_it_names_its_file(report: Report, reviewed: Reviewed) -> None:
    book = workbook(report.paths["xlsx"])
    tables = ["Decisions", "Segments", "Rates", "Moved, fresh", "Moved, frozen", "Drift", "Evidence"]
    assert list(book) == ["Summary", *tables, "Methods"]
    assert all(str(rows[1][0]).startswith(("From reviews/", "From runs/")) for rows in book.values())


def test_tables_keep_their_head_in_sight_and_can_be_filtered(report: Report) -> None:
    with zipfile.ZipFile(report.paths["xlsx"]) as book:
        pages = [book.read(f"xl/worksheets/sheet{n}.xml").decode() for n in range(1, len(book.namelist()))
                 if f"xl/worksheets/sheet{n}.xml" in book.namelist()]  # fmt: skip
    assert all('ySplit="5"' in page and 'state="frozen"' in page for page in pages)
    assert "autoFilter" not in pages[0], "sentences are no table"
    assert all("<autoFilter ref=" in page for page in pages[1:-1])


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("Rates", {"Before": "before", "Now, low end": "now_low", "Change": "change", "n now": "n_now"}),
        ("Drift", {"PSI": "psi", "Limit": "limit", "Median before": "before", "n before": "n_before"}),
    ],
)  # fmt: skip
def test_numbers_are_numbers_and_equal_to_the_reviews(
    report: Report, reviewed: Reviewed, name: str, columns: dict[str, str]
) -> None:
    review, _, now = reviewed
    expected = rates_data(review) if name == "Rates" else drift_data(review, now)
    found = sheet(report.paths["xlsx"], name)
    assert found["Segment"].tolist() == expected["segment"].tolist()
    for heading, column in columns.items():
        assert pd.to_numeric(found[heading]).to_numpy() == pytest.approx(
            expected[column].to_numpy(dtype=float), nan_ok=True
        ), heading


def test_sizes_and_dates_are_typed_and_movement_adds_up(report: Report, reviewed: Reviewed) -> None:
    review, expected = reviewed[0], decisions_data(reviewed[0])
    segments = sheet(report.paths["xlsx"], "Segments")
    assert segments["Customers now"].tolist() == expected["size_now"].tolist()
    assert segments["First seen"].tolist() == expected["since"].tolist()
    for name, boundaries in (("Moved, fresh", "fresh"), ("Moved, frozen", "frozen")):
        moved = sheet(report.paths["xlsx"], name, "Before")
        assert moved["Customers"].tolist() == movement_data(review, boundaries)["customers"].tolist()
        assert moved["Customers"].sum() == len(review.customers)


def test_units_decide_the_format(report: Report) -> None:
    with zipfile.ZipFile(report.paths["xlsx"]) as book:
        styles = book.read("xl/styles.xml").decode()
        sheets = [book.read(n).decode() for n in book.namelist() if n.startswith("xl/worksheets/sheet")]
    assert all(code in styles for code in ("&quot;£&quot;#,##0.00", "d mmm yyyy", "#,##0"))
    assert all('state="frozen"' in text for text in sheets)


def test_a_name_like_a_formula_stays_text(reviewed: Reviewed, tmp_path: Path) -> None:
    review, before, now = reviewed
    for name in (EVIL, "+SUM(A1:A9)", "@cmd", "-2+3", "http://example.org"):
        written = write_report(renamed(review, name), before, now, tmp_path, formats=["xlsx"])
        path = written.paths["xlsx"]
        assert name in sheet(path, "Decisions")["Segment"].tolist()
        with zipfile.ZipFile(path) as book:
            cells = "".join(book.read(n).decode() for n in book.namelist() if n.startswith("xl/worksheets/"))
        assert "<f>" not in cells
        assert "hyperlink" not in cells


# --- the summary ------------------------------------------------------------------------------------------------------


def test_the_summary_is_the_golden_one(report: Report) -> None:
    assert report.paths["md"].read_text() == GOLDEN.read_text(), f"If this is meant, copy report.md to {GOLDEN}"


def test_a_name_with_a_bar_stays_in_its_cell(reviewed: Reviewed, tmp_path: Path) -> None:
    review, before, now = reviewed
    written = write_report(renamed(review, EVIL), before, now, tmp_path, formats=["md"])
    rows = [line for line in written.paths["md"].read_text().splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}


# --- which segment became which ---------------------------------------------------------------------------------------


def test_segments_are_called_what_they_are_called_now(reviewed: Reviewed) -> None:
    review, before, now = reviewed
    known = Identity({"lapsed": "discount"}, ("wholesale",), ("lapsing",), {"discount": ("lapsed", "wholesale")}, {})
    assert identity(replace(review, identity=known), before, now) == (
        "Wholesale-like baskets is new.",
        "Lapsing regulars was not found again.",
        "Lapsed one-time buyers of the Christmas season was split into "
        "Lapsed one-time buyers of the Christmas season and Wholesale-like baskets.",
    )
