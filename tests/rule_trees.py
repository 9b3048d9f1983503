"""Conditions joined in every way, for the laws that any rule must keep."""

from __future__ import annotations

from hypothesis import strategies as st

from discovery.core.rule import All, AnyOf, Condition, Not


def trees(leaves: st.SearchStrategy[Condition], most: int) -> st.SearchStrategy[Condition]:
    """Return AND, OR and NOT over at most so many of the leaves."""

    def joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(st.builds(All, parts), st.builds(AnyOf, parts), st.builds(Not, inner))

    return st.recursive(leaves, joined, max_leaves=most)
