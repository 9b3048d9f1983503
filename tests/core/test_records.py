"""Records of everyone are not held twice."""

from __future__ import annotations

import numpy as np

from benchmarks.stores import drawn


def test_everyone_in_order_is_the_same_records_and_anyone_else_are_others() -> None:
    records, _ = drawn("regular, sales, presents", 50, seed=3)
    everyone = np.arange(len(records))
    assert records.taken(everyone) is records
    assert records.taken(everyone[::-1]).customer.tolist() == records.customer.tolist()[::-1]
    assert len(records.taken(everyone[:-1])) == len(records) - 1
    only_last = everyone == everyone[-1]
    assert records.taken(only_last).customer.tolist() == [records.customer[-1]]
