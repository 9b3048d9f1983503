"""Where and among whom is a rate high or low: places, order value, engagement, RFM, any two crossed."""

import streamlit as st

from discovery.charts import broken_down, crossed, geography, groups, measures, rfm_grid
from discovery.dashboard import breakdown_words, frame, words

VIEWS = ("Geography", "Order value", "Engagement", "RFM", "Any two")
#: What a map draws: the feature it needs, and its scope.
MAPS: dict[str, tuple[str, geography.Scope]] = {
    "World": ("country", "world"),
    "US states": ("region", "usa"),
    "Points": ("latitude", "world"),
    "Points in the US": ("latitude", "usa"),
}
FEATURES = {"Order value": "aov_band", "Engagement": "engagement_tier", "RFM": "rfm_group"}

selection = frame.begin()
frame.nothing(selection)
run, segmentation, look = selection.run, selection.segmentation, selection.look

# The answer stands above the controls it follows from.
head = st.container()
view = st.segmented_control("Break down by", VIEWS, default=VIEWS[0], required=True, key="view", bind="query-params")
left, right = st.columns(2)
with left:
    # Scores of recency say by themselves who has ordered lately, so their grid starts with revenue.
    scored_view = view == "RFM"
    known = {m.label: m for m in measures.measures(run, amounts_first=scored_view)}
    key = "colour" if scored_view else "measure"
    label = st.selectbox("What to measure", list(known), key=key, bind="query-params")
    measure = known.get(label or "", next(iter(known.values())))
who = ""
if view != "Any two":
    with right:
        people = {"Everyone": "", **{s.name: s.id for s in segmentation.segments if s.size}}
        who = people.get(st.selectbox("Whose", list(people), key="whose", bind="query-params") or "", "")
segments = groups.grouped(run, selection.by, groups.SEGMENT)


def needs(feature: str) -> None:
    """Where nobody has the feature, say what to do and end the page."""
    if groups.holds(run, feature):
        return
    with head:
        frame.heading(selection, breakdown_words.NO_BREAKDOWN[feature], breakdown_words.NO_BREAKDOWN_STEP)
    st.stop()


def by_segment(rows: groups.Grouping) -> tuple[crossed.Crossing, crossed.Crossing]:
    """Return the measure and revenue by a grouping (rows) and the segments (columns)."""
    return crossed.cross(run, rows, segments, measure), crossed.cross(run, rows, segments, measures.revenue(run))


def rates(found: crossed.Crossing) -> None:
    """Show the measure in each group, with its interval."""
    frame.chart(
        broken_down.broken_down(found, who, look),
        broken_down.broken_down_table(found, who),
        key=f"rates-{found.rows.name}",
        alt="A dot and interval for each group, beside a line for everyone.",
    )


def heat(found: crossed.Crossing) -> None:
    """Show both ways to divide the customers at once."""
    shown = crossed.largest(found)
    frame.section(f"{found.rows.title} by {found.columns.label}", breakdown_words.BREAKDOWN_COLOURS)
    frame.chart(
        crossed.crossed(shown, look),
        crossed.crossed_table(shown),
        key=f"heat-{found.rows.name}-{found.columns.name}",
        alt="Heat table: text is the value, colour the difference from the whole column.",
        wide=True,
    )


if view == "Geography":
    kind = st.segmented_control("Map", list(MAPS), default="World", required=True, key="map", bind="query-params")
    feature, scope = MAPS[kind or "World"]
    needs(feature)
    if feature == "latitude":
        places = geography.places(run)
        rows, american = places.grouping, places.american
    else:
        rows = groups.grouped(run, selection.by, feature)
        american = geography.states(rows)
    found, brought = by_segment(rows)
    if scope == "usa":
        found, brought = crossed.only(found, american), crossed.only(brought, american)
    if feature == "latitude":
        picture = geography.points(found, places, who, scope, look)
    else:
        picture = geography.outlines(found, who, scope, look)
    with head:
        frame.heading(selection, breakdown_words.breakdown_title(brought, who))
    frame.chart(
        picture,
        broken_down.broken_down_table(found, who),
        key="outlines",
        alt=f"Map of places, coloured by a measure: {measure.label}.",
    )
    rates(found)
    heat(found)
elif view == "Any two":
    names = {label: name for name, label in groups.groupings(run).items()}
    one, two = st.columns(2)
    with one:
        first = st.selectbox("Rows", list(names), key="rows", bind="query-params")
    with two:
        second = st.selectbox("Columns", list(names), index=1, key="columns", bind="query-params")
    pair = [groups.grouped(run, selection.by, names.get(each or "", groups.SEGMENT)) for each in (first, second)]
    found = crossed.cross(run, pair[0], pair[1], measure)
    with head:
        frame.heading(selection, breakdown_words.crossing_title(found))
    heat(found)
else:
    feature = FEATURES[view or "RFM"]
    needs(feature)
    found, brought = by_segment(groups.grouped(run, selection.by, feature))
    with head:
        frame.heading(selection, breakdown_words.breakdown_title(brought, who))
    if view == "RFM":
        kinds = rfm_grid.scores(run)
        kind = st.segmented_control("Scores", kinds, default=kinds[0], required=True, key="scores", bind="query-params")
        grid = rfm_grid.grid(run, selection.by, kind or kinds[0])
        scored = crossed.cross(run, grid.cells, segments, measure)
        frame.chart(
            rfm_grid.rfm_grid(scored, grid, who, look),
            rfm_grid.rfm_grid_table(scored, grid, who),
            key="rfm-grid",
            alt="Grid of recency by frequency: colour and text are the value, under it the customers.",
            wide=True,
        )
        frame.section("The six RFM groups")
    one, two = st.columns(2, gap="large")
    with one:
        frame.chart(
            broken_down.shares(brought, who, look),
            broken_down.shares_table(brought, who),
            key="shares",
            alt="Bars of every group's share of customers and of revenue.",
        )
    with two:
        rates(found)
    heat(found)

frame.measured(
    breakdown_words.BREAKDOWN_MEASURED,
    breakdown_words.BREAKDOWN_HIDDEN,
    breakdown_words.BREAKDOWN_OUTLINES if view == "Geography" else "",
    words.coverage(segmentation),
)
