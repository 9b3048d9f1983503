"""The pages for those who do not see them or hold no mouse: the audit of axe-core, and the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_dashboard import READY, chromium, served
from tests.conftest import NIGHTLY

pytestmark = pytest.mark.browser
__all__ = ["chromium"]
PAGES = ("", "discover", "segments", "rules", "validate", "merges", "breakdowns", "review", "export")
#: Every page in light; in dark by day some, since a theme's colours are the same on all, and by night every one.
LOOKS = [*((name, "light") for name in PAGES), *((name, "dark") for name in (PAGES if NIGHTLY else PAGES[::3]))]
#: Rules of axe-core that a page can keep: the Web Content Accessibility Guidelines 2.2 up to AA.
GUIDELINES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
#: Give every control that can be used and asks to stand in the tab order a number, and say what it is. The choices of a
#: group are one: Tab goes to the group, the arrow keys go on from there, as the ARIA patterns have it.
NUMBER_CONTROLS = """() => {
  const shown = e => e.checkVisibility({visibilityProperty: true, opacityProperty: true}) && !e.closest('[inert]');
  const controls = [...document.querySelectorAll('a[href], button, input, textarea, select, summary, [tabindex]')]
    .filter(e => e.tabIndex >= 0 && !e.disabled && e.getBoundingClientRect().width > 1 && shown(e));
  const owner = e => e.closest('[role=radiogroup]') ?? e;
  const owners = [...new Set(controls.map(owner))];
  controls.forEach(e => { e.dataset.number = owners.indexOf(owner(e)); });
  return owners.map(e => e.outerHTML.slice(0, 300));
}"""
FOCUSED = """() => {
  const e = document.activeElement;
  return e === document.body ? null : e.dataset.number ?? '';
}"""


@pytest.fixture(scope="module")
def address(chromium: object, run_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on the run of the simulated store."""
    with served(run_workspace, tmp_path_factory.mktemp("server") / "log.txt") as found:
        yield found


def opened(page: object, address: str) -> None:
    """Open a page and wait until it is drawn, and nothing fades in any more."""
    page.goto(address)
    page.wait_for_selector("h1", timeout=60_000)
    page.wait_for_selector(READY, timeout=60_000)
    page.wait_for_function("document.getAnimations().every(a => a.playState === 'finished')", timeout=60_000)


@pytest.mark.parametrize(("name", "look"), LOOKS)
def test_axe_finds_no_fault_and_the_keyboard_reaches_every_control(
    chromium: object, address: str, name: str, look: str
) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, color_scheme=look)
    page = context.new_page()
    opened(page, f"{address}/{name}")
    found = Axe().run(page, options=GUIDELINES).response["violations"]
    told = [f"{v['id']}: {v['help']} {node['html'][:200]}" for v in found for node in v["nodes"]]
    assert not told, "\n".join(told)
    # What stands in the tab order is the same in both looks.
    missed = unreached(page) if look == "light" else []
    context.close()
    assert not missed, "\n".join(missed)


def unreached(page: object) -> list[str]:
    """Return the controls of a page that Tab does not get to."""
    controls = page.evaluate(NUMBER_CONTROLS)
    assert len(controls) > 9, "nine pages at least are links"
    reached = set()
    for _ in range(3 * len(controls)):
        page.keyboard.press("Tab")
        number = page.evaluate(FOCUSED)
        if number is None:
            break
        reached.add(number)
    return [control for number, control in enumerate(controls) if str(number) not in reached]
