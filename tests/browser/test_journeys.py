"""What people come for, from first click to last: upload to a finished run, cancel, build a rule and save it."""

from __future__ import annotations

import contextlib
import shutil
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import TimeoutError as Late

from discovery import service
from discovery.core.run import Run
from tests.browser.test_dashboard import READY, chromium, served

pytestmark = pytest.mark.browser
__all__ = ["chromium"]
ENDED = '[data-testid="stAlert"]'


@pytest.fixture(scope="module")
def export(planted_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The planted store's orders as Shopify would export them."""
    events = pd.read_parquet(planted_store / "events.parquet")
    orders = events[events["event"] == "placed_order"].reset_index(drop=True)
    rows = pd.DataFrame(
        {
            "Name": [f"#{1000 + n}" for n in orders.index],
            "Email": orders["customer_id"].str.replace(r"\W", "", regex=True) + "@example.com",
            "Financial Status": "paid",
            "Currency": "EUR",
            "Total": orders["value"],
            "Created at": orders["at"].dt.strftime("%Y-%m-%d %H:%M:%S +0000"),
            "Lineitem quantity": 1,
            "Lineitem name": "Shirt",
            "Lineitem price": orders["value"],
        }
    )
    path = tmp_path_factory.mktemp("export") / "orders_export.csv"
    rows.to_csv(path, index=False)
    return path


@pytest.fixture
def page(chromium: object) -> Iterator[object]:
    """A page that says of no error and asks no other host for anything."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    seen, faults = context.new_page(), list[str]()
    # A machine that is busy with other tests draws a page of charts slowly.
    seen.set_default_timeout(90_000)
    seen.on("pageerror", lambda e: faults.append(str(e)))
    seen.on("request", lambda r: faults.append(r.url) if "//127.0.0.1:" not in r.url and r.url[:4] == "http" else None)
    yield seen
    context.close()
    assert not faults


def ready(page: object) -> None:
    page.wait_for_selector(READY, timeout=60_000)


def start(page: object, address: str, export: Path) -> None:
    """Bring an export in and start a quick run of it."""
    page.goto(f"{address}/discover")
    ready(page)
    page.locator('input[type="file"]').set_input_files(export)
    page.get_by_text("Brought in: orders_export.csv").wait_for()
    ready(page)
    page.get_by_text("Change features, the number of segments").click()
    draws = page.get_by_role("spinbutton", name="Data sets without structure")
    draws.fill("3")
    draws.press("Enter")
    ready(page)
    page.get_by_role("button", name="Find the segments").click()
    page.get_by_role("heading", name="A run is in progress").wait_for(timeout=30_000)


def test_from_an_upload_to_the_segments(page: object, export: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "w"
    workspace.mkdir()
    with served(workspace, tmp_path / "log.txt") as address:
        start(page, address, export)
        # Neither another page nor a reload ends it.
        page.get_by_test_id("stSidebarNav").get_by_role("link", name="Overview", exact=True).click()
        page.get_by_text("This workspace holds no run yet: the first is in progress.").wait_for()
        page.goto(f"{address}/discover")
        page.get_by_role("heading", name="A run is in progress").wait_for(timeout=30_000)
        page.wait_for_selector(ENDED, timeout=300_000)
        run = service.open_workspace(workspace).runs()[0]
        assert page.locator(ENDED).inner_text() == f"The run is finished: {run.id}"
        by = service.open_workspace(workspace).load(run.id).segmentation(run.recommended)
        page.get_by_role("link", name="See its segments").click()
        page.wait_for_selector(".js-plotly-plot .bars .point", timeout=60_000)
        assert f"{run.customers:,} customers" in page.locator(".sd .muted").first.inner_text()
        assert not list((workspace / "uploads").glob("*"))
        # And what was found leaves again, as files.
        go(page, "Export")
        page.locator("td", has_text=f"{by.placed[0].size:,}").first.wait_for()
        with page.expect_download() as given:
            page.get_by_role("button", name="Download the files").click()
        with zipfile.ZipFile(given.value.path()) as archive:
            assert len(archive.namelist()) >= by.k


def test_a_run_is_cancelled(page: object, export: Path, tmp_path: Path) -> None:
    workspace = tmp_path / "w"
    workspace.mkdir()
    with served(workspace, tmp_path / "log.txt") as address:
        start(page, address, export)
        page.get_by_role("button", name="Cancel this run").click()
        page.get_by_text("The run was cancelled; the workspace is as it was.").wait_for(timeout=60_000)
        assert not service.open_workspace(workspace).runs()
        # What was brought in is still there, for another try.
        page.get_by_text("Brought in: orders_export.csv").wait_for()
        page.get_by_role("button", name="Start it again as it was").click()
        page.get_by_role("heading", name="A run is in progress").wait_for(timeout=30_000)
    # The worker ends with its server, and says so.
    end = time.monotonic() + 60
    while (state := service.jobs(service.open_workspace(workspace))[0].status.state) != "cancelled":
        assert time.monotonic() < end, state
        time.sleep(0.2)


def test_a_rule_is_built_and_saved(page: object, planted_workspace: Path, tmp_path: Path) -> None:
    workspace = Path(shutil.copytree(planted_workspace, tmp_path / "w"))
    with served(workspace, tmp_path / "log.txt") as address:
        page.goto(f"{address}/rules")
        ready(page)
        text = page.get_by_role("textbox", name="The rule as text")
        page.get_by_role("button", name="Add a group").click()
        page.get_by_role("button", name="Remove this group").wait_for()
        ready(page)
        assert text.input_value() == "orders >= 1 AND orders >= 1"
        value = page.get_by_role("spinbutton", name="Value (orders)").first
        value.fill("3")
        value.press("Enter")
        page.wait_for_function("t => document.querySelector('textarea').value === t", arg="orders >= 3 AND orders >= 1")
        text.fill("orders >= 3 AND (country = 'US' OR NOT country IS NULL)")
        text.press("Control+Enter")
        page.get_by_role("combobox", name="A group inside").wait_for()
        ready(page)
        run = service.open_workspace(workspace).load(service.open_workspace(workspace).runs()[0].id)
        rule = "orders >= 3 AND (country = 'US' OR NOT country IS NULL)"
        selected = f"{service.evaluate_rules(run.table, {'x': rule})['x'].sum():,}"
        page.locator(".sd-count b").get_by_text(selected, exact=True).wait_for(timeout=30_000)
        page.get_by_role("textbox", name="Name", exact=True).fill("Regulars we can place")
        page.get_by_role("button", name="Save to the library").click()
        page.get_by_text("“Regulars we can place” is in the library.").wait_for()
        page.get_by_text("Saved here", exact=True).click()
        page.locator("td", has_text="Regulars we can place").first.wait_for()
        # The rule and the page stay as they are when one looks elsewhere.
        page.get_by_test_id("stSidebarNav").get_by_role("link", name="Overview", exact=True).click()
        page.wait_for_selector(".js-plotly-plot .bars .point")
        page.get_by_test_id("stSidebarNav").get_by_role("link", name="Rules beside clusters", exact=True).click()
        text.wait_for()
        ready(page)
        assert text.input_value() == rule
    assert "Regulars we can place" in (workspace / "segments.yaml").read_text(encoding="utf-8")


def go(page: object, name: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    page.wait_for_url(f"**/{'' if name == 'Overview' else name.lower()}*")
    page.locator("h1").wait_for()
    ready(page)


def type_name(page: object, who: str) -> None:
    page.get_by_role("textbox", name="Your name").fill(who)
    page.get_by_role("textbox", name="Your name").press("Enter")
    ready(page)


def test_a_merge_is_accepted_the_counts_change_everywhere_and_it_is_undone(
    page: object, planted_workspace: Path, planted_run: Run, tmp_path: Path
) -> None:
    workspace = Path(shutil.copytree(planted_workspace, tmp_path / "w"))
    k = planted_run.segmentation("kmeans").k
    with served(workspace, tmp_path / "log.txt") as address:
        page.goto(f"{address}/merges?by=KMeans")
        ready(page)
        assert page.get_by_role("button", name="Merge “").is_disabled()
        type_name(page, "Ana")
        # By keyboard alone. Only a button that is let go can be reached.
        page.locator("button:enabled", has_text="Merge “").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Cancel this merge").wait_for(timeout=30_000)
        # Another page does not end it.
        go(page, "Overview")
        go(page, "Merges")
        page.get_by_test_id("stToast").filter(has_text="Merged: ").wait_for(timeout=120_000)
        ready(page)
        [decision] = service.decisions(service.open_workspace(workspace))
        joined = service.open_workspace(workspace).load(decision.value).segmentation("kmeans")
        size = joined.segment(decision.segments[0]).size
        for name in ("Overview", "Segments", "Breakdowns", "Export"):
            go(page, name)
            shown = page.locator('[data-testid="stMain"]')
            if name == "Overview":
                assert page.locator(".sd-tile b").nth(1).inner_text() == str(k - 1)
                shown.locator("td", has_text=f"{size:,}").first.wait_for()
            # The view is a link: what was merged is what it opens.
            assert page.get_by_test_id("stSidebar").get_by_role("combobox").first.input_value() == decision.value or (
                decision.value in page.get_by_test_id("stSidebar").inner_text()
            )
        go(page, "Merges")
        type_name(page, "Ben")
        page.get_by_role("button", name="Take it back").click()
        page.get_by_test_id("stToast").filter(has_text="Taken back: ").wait_for(timeout=30_000)
        ready(page)
        go(page, "Overview")
        assert page.locator(".sd-tile b").nth(1).inner_text() == str(k)
        page.reload()
        ready(page)
        assert page.locator(".sd-tile b").nth(1).inner_text() == str(k)
    [undone] = service.decisions(service.open_workspace(workspace))
    assert (undone.who, undone.undone_by) == ("Ana", "Ben")


def choose(page: object, of: str, name: str) -> None:
    """Choose from a list; a page that is drawn anew meanwhile closes it, so it is opened again."""
    box, option = page.get_by_role("combobox", name=of, exact=True), page.get_by_role("option", name=name, exact=True)
    for _ in range(5):
        box.click()
        with contextlib.suppress(Late):
            option.click(timeout=5_000)
            return
    raise AssertionError(f"{name} is not offered in {of}")


def test_a_segment_is_renamed_and_seen_on_the_overview(
    page: object, planted_workspace: Path, planted_run: Run, tmp_path: Path
) -> None:
    workspace = Path(shutil.copytree(planted_workspace, tmp_path / "w"))
    second = planted_run.segmentation("kmeans").placed[1]
    with served(workspace, tmp_path / "log.txt") as address:
        page.goto(f"{address}/segments?by=KMeans")
        ready(page)
        choose(page, "Segment", second.name)
        page.wait_for_url("**segment=**")
        type_name(page, "Ana")
        page.get_by_role("textbox", name="What to call it").fill("People worth a letter")
        page.get_by_role("button", name="Rename “").click()
        # A toast goes by itself; what stands is the new name.
        page.locator("h2", has_text="Decide about “People worth a letter”").wait_for(timeout=30_000)
        ready(page)
        # What is decided next is about the same segment.
        page.get_by_role("radio", name="Note", exact=True).click()
        page.get_by_role("button", name="Keep the note on “People worth a letter”").wait_for(timeout=30_000)
        ready(page)
        go(page, "Overview")
        page.locator("td", has_text="People worth a letter").first.wait_for()
        # The name typed once is still there on another page.
        go(page, "Merges")
        assert page.get_by_role("textbox", name="Your name").input_value() == "Ana"


def test_customers_are_selected_on_the_map(
    page: object, planted_workspace: Path, planted_run: Run, tmp_path: Path
) -> None:
    with served(planted_workspace, tmp_path / "log.txt") as address:
        page.goto(f"{address}/segments?by=KMeans")
        ready(page)
        chart = page.locator(".st-key-map .js-plotly-plot")
        chart.locator(".scatterlayer .point").first.wait_for(state="attached")
        chart.scroll_into_view_if_needed()
        chart.hover()
        chart.locator('[data-title="Box Select"]').click()
        ready(page)
        plot = chart.locator(".nsewdrag").bounding_box()
        page.mouse.move(plot["x"] + 5, plot["y"] + 5)
        page.mouse.down()
        page.mouse.move(plot["x"] + plot["width"] - 5, plot["y"] + plot["height"] - 5, steps=8)
        page.mouse.up()
        page.locator("h2", has_text="customers selected: ").wait_for(timeout=30_000)
        ready(page)
        with page.expect_download() as given:
            page.get_by_role("button", name="Download the ids").click()
        listed = pd.read_csv(given.value.path())
        assert page.locator("h2", has_text=f"{len(listed)} customers selected").count() == 1
        assert set(listed["customer_id"]) <= set(planted_run.table.values.index)
        assert set(listed["segment"]) <= {s.name for s in planted_run.segmentation("kmeans").segments}
        # The same without a mouse: in words, and the keys alone.
        page.get_by_role("textbox", name="Whom a rule selects").focus()
        page.keyboard.type("orders >= 2")
        page.keyboard.press("Enter")
        chosen = service.evaluate_rules(planted_run.table, {"x": "orders >= 2"})["x"]
        page.locator("h2", has_text=f"{chosen.sum():,} customers selected").wait_for(timeout=30_000)
        ready(page)
        page.get_by_role("button", name="Download the ids").focus()
        with page.expect_download() as given:
            page.keyboard.press("Enter")
        assert set(pd.read_csv(given.value.path())["customer_id"]) == set(chosen.index[chosen])
