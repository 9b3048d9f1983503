"""The sentences of the pages, made from what the Run says."""

from __future__ import annotations

from collections.abc import Mapping

from discovery import service
from discovery.charts.distinctness import told_apart
from discovery.charts.format import count, day, joined, number_word, part_of, rate
from discovery.charts.profile import telling
from discovery.charts.scorecard import QUESTIONS, method_name, scorecard_data
from discovery.core.evidence import MergeDecision, MergeVerdict, Verdict
from discovery.core.many import many
from discovery.core.run import Run
from discovery.core.segment import Segment, Segmentation, Structure

CLAIMS = {
    Structure.DISCOVERED: "discovered, beyond what data without structure would show",
    Structure.CONSTRUCTED: "constructed, not discovered",
    Structure.NONE: "no natural groups among them",
}
#: What a claim is worth to the reader, under the title; how it was measured is folded.
WORTH = {
    Structure.DISCOVERED: "Customers of different segments stand further apart than they would by chance: there are "
    "kinds of customers here, not only cuts.",
    Structure.CONSTRUCTED: "Useful cuts, not natural groups: customers shade into one another, so plan by them, and do "
    "not expect a gap at their borders.",
    Structure.NONE: "Nothing divides these customers more than chance would: read the segments as slices of one crowd.",
}
NO_RESPONSE = (
    "Nothing was measured after the date, because the data end there. To see who responds, run again at a date "
    "at least {days} days earlier: discovery run CONFIG --workspace W --as-of DATE"
)
NO_DATES = (
    "Nothing could be measured after the date: the data hold no orders and no messages with a date. Bring them in, and "
    "run again, to see who responds."
)
HORIZON = "The response window is the {days} days after {as_of}; features saw nothing of it."
PATH = "One pair at a time, the pair that costs least first. Each step is what is left of what the segments differ by."
PATH_MEASURED = (
    "Cost: the mean of the shares of response and of distinctness that are lost by joining a pair. Steps after the "
    "first are about groups that were joined because they look alike: they show what is seen, and prove less."
)
TREE = (
    "A thick green line joins what was shown to be alike, a dotted one what cannot be told, a thin one what differs. "
    "The number at each joint is how many segments are left; shaded is what a team can serve."
)
EXPECTED = (
    "The open diamond is what to expect next time: what was seen, drawn towards everyone's value by as much as chance "
    "may have moved it."
)
DISTANCES = (
    "Who is near whom follows from these features; one with most of the distances would make the segments by itself. "
    "If so, leave it out or let others weigh more, and run again."
)
ANSWERS = (
    "Shares are of those who answered; answers that fewer than ten gave are put together. Unless the setting "
    "cluster.properties names a question, what they told had no part in making the segments."
)
NO_CAMPAIGNS = (
    "No campaign was sent in the days after the date to enough customers to judge it. Sends and opens come with a "
    "Klaviyo export, or as events of a table; then run again."
)
NO_PATH = (
    "This run holds no merge path: it has too many segments for one, or an older version made it. Make the run again "
    "on the page Discover."
)
MERGE_MEASURED = (
    "Two segments are called alike by equivalence, never by a difference that was not found: the whole interval must "
    "lie within the margin in what decides, both fixed before looking: the rate that is asked about and revenue "
    "(validate.merge_on). Features kept out of clustering must not tell them apart. They are kept where some outcome "
    "differs after Holm's correction over all pairs. Where neither holds, it cannot be told yet. Intervals are of 95%."
)


def no_run(latest: service.Status | None, unreadable: Mapping[str, str]) -> tuple[str, str]:
    """Return why there is no run to show, and what to do."""
    if unreadable:
        run_id, why = next(iter(unreadable.items()))
        return "No run of this workspace can be read.", f"{run_id}: {why}"
    if latest and latest.state == "failed":
        return "This workspace holds no run yet: the last one failed.", f"{latest.error} Change it on Discover, or:"
    if latest and not latest.final:
        return "This workspace holds no run yet: the first is in progress.", "Watch it on the page Discover."
    return "This workspace holds no run yet.", "Make the first one on the page Discover, or from the command line:"


def lineage(segmentation: Segmentation) -> str:
    """Return what was merged to make the segments, and what was retired; empty where nothing was."""
    made, retired = segmentation.lineage, [quoted(s.name) for s in segmentation.placed if s.retired]
    said = (
        [f"{many(len(made), 'merge')} made these segments: see what was decided, on the page Merges."] if made else []
    )
    if retired:
        said.append(f"Retired, and left out of exports: {joined(retired)}.")
    return " ".join(said)


def provenance(run: Run, by: str) -> str:
    """Return what is looked at, in one line."""
    mark = ", recommended" if by == run.recommended else ""
    return f"{method_name(by)}{mark}. {many(len(run.table), 'customer')}, as they were on {day(run.as_of)}."


def overview_title(run: Run, segmentation: Segmentation) -> str:
    """Return how many segments, and whether they are real."""
    people = many(len(run.table), "customer")
    if not segmentation.k:
        return f"{method_name(segmentation.name)} found no segments among {people}"
    noun = "segment" if segmentation.k == 1 else "segments"
    return f"{number_word(segmentation.k)} {noun} from {people}; {CLAIMS[segmentation.structure]}"


def worth(segmentation: Segmentation) -> str:
    """Return what the claim means for the reader; rules say of themselves why they were written."""
    return segmentation.structure_reason if segmentation.name == "rules" else WORTH[segmentation.structure]


def segments_title(run: Run, segmentation: Segmentation) -> str:
    """Return what tells the segments apart."""
    labels = [run.table.feature(name).label for name in telling(run, segmentation.name)[:2]]
    noun = "segment" if segmentation.k == 1 else "segments"
    head = f"{number_word(segmentation.k)} {noun}"
    return f"{head}, told apart most by {joined(labels)}" if labels else f"{head}, not described"


def validate_title(run: Run, segmentation: Segmentation) -> str:
    """Return how far to believe the segments: how many pass on what they were not made from, and on what came after."""
    data = scorecard_data(run, segmentation.name)
    passed = data[data["verdict"] == Verdict.PASS.value].groupby("question").size()
    tested = data[data["verdict"] != Verdict.NOT_TESTED.value].groupby("question").size()
    distinct, response = int(passed.get("distinct", 0)), int(passed.get("response", 0))
    head = f"{part_of(distinct, segmentation.k, 'segments')} {'is' if distinct == 1 else 'are'} distinct"
    kept_out = told_apart(run, segmentation.name)
    if kept_out < distinct:
        # What they did next shows a segment to be distinct, too.
        head += f" ({number_word(kept_out, small=True) if kept_out else 'none'} on features they were not made from)"
    if not tested.get("response", 0):
        return f"{head}; how they respond was not tested"
    who = number_word(response, small=True) if response else "none"
    return f"{head}, and {who} {'respond' if response > 1 else 'responds'} differently from everyone"


def scorecard_title(run: Run, segmentation: Segmentation) -> str:
    """Return how many segments pass every question."""
    data = scorecard_data(run, segmentation.name)
    passed = data[data["verdict"] == Verdict.PASS.value].groupby("segment_id").size()
    ready = int((passed == len(QUESTIONS)).sum())
    failing = {q: int(n) for q, n in data[data["verdict"] == Verdict.FAIL.value].groupby("question").size().items()}
    who = part_of(ready, segmentation.k, "segments")
    head = f"{who} {'passes' if ready == 1 else 'pass'} all {number_word(len(QUESTIONS), small=True)} questions"
    parts = [_failing(str(q), n) for q, n in failing.items()]
    return f"{head}; {joined(parts)}" if parts else head


def merges_sentence(run: Run, segmentation: Segmentation) -> str:
    """Return which pairs are alike, told apart, or cannot be told."""
    names = {s.id: quoted(s.name) for s in segmentation.segments}
    about = [m for m in run.merges if m.segmentation == segmentation.name]
    if not about:
        return "No pair of segments was compared."
    pairs = {d: [m for m in about if m.decision is d] for d in MergeDecision}
    alike = [f"{_pair(m, names)}" for m in pairs[MergeDecision.MERGE]]
    kept, unknown = len(pairs[MergeDecision.KEEP]), len(pairs[MergeDecision.CANNOT_TELL])
    first = f"Alike enough to be one: {joined(alike)}." if alike else "No pair was shown to be alike."
    if kept == len(about):
        return "Any two of them differ." if kept > 1 else "The two differ."
    rest = [many(kept, "pair differs", "pairs differ")] if kept else []
    rest += [f"{many(unknown, 'pair')} cannot be told yet"] if unknown else []
    return f"{first} {'; '.join(rest)}." if rest else first


def next_steps(run: Run, segmentation: Segmentation) -> tuple[str, ...]:
    """Return what to do next, the most useful first."""
    if not segmentation.k:
        return (f"Look at {method_name(run.recommended)} instead: choose it under Segments made by.", _again())
    filled = [s.id for s in segmentation.placed if s.size and not s.retired]
    data = scorecard_data(run, segmentation.name)
    data = data[data["segment_id"].isin(filled)]

    def failing(question: str, *verdicts: Verdict) -> list[str]:
        bad = data[(data["question"] == question) & data["verdict"].isin([v.value for v in verdicts])]
        return [quoted(name) for name in bad["segment"]]

    def who(failed: list[str]) -> str:
        return "every segment" if len(failed) == len(filled) else joined(failed)

    steps = []
    names = {s.id: quoted(s.name) for s in segmentation.segments}
    for m in run.merges:
        if m.segmentation == segmentation.name and m.decision is MergeDecision.MERGE:
            steps.append(f"Merge {_pair(m, names)} into one.")
    small = failing("substantial", Verdict.FAIL, Verdict.WARN)
    if small:
        steps.append(f"Too small to show the difference asked for: {who(small)}. Merge, or wait for more customers.")
    alike = failing("distinct", Verdict.FAIL)
    if alike:
        steps.append(f"Not told apart from the rest: {who(alike)}. Plan no campaign on that alone.")
    idle = failing("actionable", Verdict.NOT_TESTED, Verdict.FAIL, Verdict.WARN)
    if idle:
        steps.append(f"Name a campaign or flow for {who(idle)}: a segment nobody acts on is not ready to use.")
    empty = [quoted(s.name) for s in segmentation.placed if not s.size and not s.retired]
    if empty:
        steps.append(f"Nobody is in {joined(empty)} at this date: loosen its rule, or drop what stays empty.")
    if len(failing("accessible", Verdict.NOT_TESTED)) == len(filled):
        steps.append("Add consent to the data, so that it is known who may be reached.")
    if len(failing("response", Verdict.NOT_TESTED)) == len(filled):
        steps.append(
            f"Run again at a date at least {count(run.horizon_days)} days before the data end, to test response."
        )
    return tuple(steps) or ("Export the rules and use the segments.",)


def recommended(run: Run) -> str:
    """Return why one segmentation is recommended, without what stands beside it in the table."""
    return run.recommended_reason.removesuffix(run.segmentation(run.recommended).structure_reason).strip()


def _failing(question: str, n: int) -> str:
    who = number_word(n, small=True)
    if question == "response":
        return f"{who} {'does' if n == 1 else 'do'} not respond differently"
    return f"{who} {'is' if n == 1 else 'are'} not {question}"


def quoted(name: str) -> str:
    """Return a segment's name as it stands in a sentence: names may hold commas and verbs of their own."""
    return f"“{name}”"


def undescribed(segment: Segment) -> str:
    """Return why a segment has no description."""
    if not segment.size:
        return "Nobody is in it at this date."
    return "Too few customers to describe without describing one of them."


def without_rule(segmentation: Segmentation) -> str:
    """Return why a segment has no induced rule."""
    if segmentation.model.get("kind") == "rules":
        return "This segment is itself a rule, in the rule file that the run was made with."
    return "No rule was induced for this segment."


def horizon(run: Run) -> str:
    """Return when response was measured; empty where it cannot be."""
    return "" if not run.horizon_days else HORIZON.format(days=count(run.horizon_days), as_of=day(run.as_of))


def no_response(run: Run) -> str:
    """Return why no response was measured, and what to do."""
    return NO_RESPONSE.format(days=count(run.horizon_days)) if run.horizon_days else NO_DATES


def coverage(segmentation: Segmentation) -> str:
    """Return who is left out and why; empty where nobody is."""
    if not segmentation.unassigned_reason:
        return ""
    return f"{rate(1 - segmentation.coverage)} of customers are unassigned. {segmentation.unassigned_reason}"


def _again() -> str:
    return "Or run again with other features: discovery run CONFIG --workspace W --set cluster.features=[...]"


def _pair(verdict: MergeVerdict, names: Mapping[str, str]) -> str:
    return " and ".join(names.get(i, quoted(i)) for i in verdict.pair)
