"""Breakdowns from the command line: the same cells as the page, small ones suppressed."""

from __future__ import annotations

from pathlib import Path

import pytest

from discovery import service
from discovery.charts import crossed, geography, groups
from discovery.charts.measures import measures
from discovery.core.run import Run
from tests.breakdown_factory import broken_down_run
from tests.cli.test_cli import answer, discovery


def test_cells_add_up_and_small_ones_are_silent(planted_workspace: Path, planted_run: Run) -> None:
    here = ("breakdown", planted_run.id, "-w", planted_workspace, "--by", "country", "--segmentation", "kmeans")
    told = answer(*here, "--measure", "revenue")
    cells = {(c["row"], c["column"]): c for c in told["cells"]}
    values = planted_run.table.values
    assert cells["", ""]["customers"] == len(values)
    assert (told["unit"], told["currency"]) == ("money", planted_run.currency)
    assert cells["", ""]["value"] == pytest.approx(values["revenue_365d"].mean())
    labels = planted_run.segmentation("kmeans").labels
    for (row, column), cell in cells.items():
        if row in ("US", "GB", "DE") and column:
            mine = values[(values["country"] == row) & (labels == column)]
            assert cell["customers"] == len(mine)
            if cell["state"]:
                assert cell["value"] is cell["low"] is cell["high"] is None
            else:
                assert cell["value"] == pytest.approx(mine["revenue_365d"].mean())
        if 0 < cell["n"] < 10:
            assert cell["state"]
    crossed = answer(*here, "--across", "aov_band")
    assert sum(c["customers"] for c in crossed["cells"] if c["row"] and c["column"]) == len(values)


def test_places_are_those_of_the_map(tmp_path: Path) -> None:
    run = broken_down_run()
    with service.Workspace(tmp_path).writing() as staging:
        staging.put_run(run)
    here = ("breakdown", run.id, "-w", tmp_path, "--segmentation", "kmeans")
    told = answer(*here, "--by", "place", "--measure", "ordered")
    at = geography.places(run)
    found = crossed.cross(
        run, at.grouping, groups.grouped(run, "kmeans", groups.SEGMENT), {m.name: m for m in measures(run)}["ordered"]
    )
    drawn = geography.points_data(found, at).set_index("group")
    everyone = {c["row"]: c for c in told["cells"] if not c["column"]}
    assert len(drawn) > 1
    assert set(told["middles"]) == set(drawn.index)
    for place, row in drawn.iterrows():
        assert told["middles"][place] == [row["latitude"], row["longitude"]]
        assert everyone[place]["customers"] == row["customers"] >= 10
        assert everyone[place]["value"] == (row["value"] if everyone[place]["state"] == "" else None)
    # Where fewer live is nobody's to know: they are one row, without a point.
    assert everyone["(other)"]["customers"] > 0
    crossed_by = answer(*here, "--by", "country", "--across", "place")
    assert sum(c["customers"] for c in crossed_by["cells"] if c["row"] and c["column"]) == len(run.table)


def test_people_read_a_table(planted_workspace: Path, planted_run: Run) -> None:
    done = discovery("breakdown", planted_run.id, "-w", planted_workspace, "--by", "country")
    assert done.returncode == 0
    assert "United States" in done.stdout
    assert f"{len(planted_run.table)}" in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--by", "contry"), "Did you mean 'country'?"),
        (("--by", "country", "--measure", "happiness"), "--measure must be one of"),
        (("--by", "country", "--across", "x"), "--across must be one of"),
        (("--by", "country", "--segmentation", "kmean"), "kmeans"),
    ],
)
def test_what_cannot_be_broken_down_is_one_line(
    planted_workspace: Path, planted_run: Run, words: tuple[str, ...], says: str
) -> None:
    done = discovery("breakdown", planted_run.id, "-w", planted_workspace, *words)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
