"""What values show of themselves in a notebook: what they hold, and names as text, never as markup."""

from __future__ import annotations

from dataclasses import replace

from discovery.core.run import Run
from discovery.service import Workspace
from tests.run_factory import example_run


def test_a_name_with_markup_is_shown_as_text() -> None:
    run = example_run(customers=200)
    found = run.segmentation("kmeans")
    first, *others = found.segments
    odd = replace(found, segments=(replace(first, name="<script>alert(1)</script>"), *others))
    asked = replace(run, question_asked="Who <b>orders</b>?", segmentations=(odd,))
    for page in (odd._repr_html_(), asked._repr_html_()):
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
    assert "<b>" not in asked._repr_html_()


def test_a_dataset_shows_its_size_its_notes_and_its_problems(planted_workspace: object, planted_run: Run) -> None:
    dataset = Workspace(planted_workspace).needed_dataset()  # type: ignore[arg-type]
    odd = replace(dataset, notes=("Sheet <1> was read.",), problems={"bad_date": 1200})
    page = odd._repr_html_()
    assert f"{dataset.customers:,} customers, {dataset.events:,} events" in page
    assert "<li>Sheet &lt;1&gt; was read.</li><li>1,200 bad_date</li>" in page
