"""Reviews of a real store, one after the other: a file of its own, to be made beside those on planted truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from discovery.core.review import Review
from tests.review.test_review import accounted_for, named


def test_four_quarters_of_a_real_store(retail_workspace: Path) -> None:
    reviews = named(retail_workspace, "kmeans")
    assert [str(r.as_of_now) for r in reviews] == ["2011-01-01", "2011-04-01", "2011-07-01", "2011-10-01"]
    assert [r.before for r in reviews[1:]] == [r.now for r in reviews[:-1]]
    seen: dict[str, Review] = {}
    for review in reviews:
        accounted_for(review)
        for s in review.segments:
            # An id that comes back is the same segment: it was there at the end of the review before.
            if s.segment_id in seen:
                assert seen[s.segment_id] is reviews[reviews.index(review) - 1]
                assert s.since == seen[s.segment_id].segment(s.segment_id).since
            assert s.reason.endswith(".")
        seen |= {s.segment_id: review for s in review.segments}
        assert all("“" in line or line[0].isdigit() or "customers" in line for line in review.flows)
        assert review.summary
        assert np.isfinite(review.drift["psi"]).all()
    last = reviews[-1]
    kept = [s for s in last.segments if s.since == reviews[0].as_of_before]
    assert kept
    assert all(s.age_months == 12 for s in kept)
    # Without campaigns the forward window is what answers, and these customers order.
    assert {s.response.question for s in last.segments if s.size_before} == {"response"}
