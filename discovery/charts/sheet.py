"""The style sheet of tables, chips, swatches and type, in a theme's colours: the same on pages and in reports."""

from __future__ import annotations

from discovery.charts.theme import FONT, Theme

COMPONENTS = """
.sd {{ color: {ink}; font-family: {font}; font-size: 0.95rem; line-height: 1.5; overflow-wrap: break-word; }}
.sd h1 {{ font-size: 1.75rem; line-height: 1.22; font-weight: 650; margin: 0.15rem 0 0.4rem; padding: 0;
  letter-spacing: -0.01em; text-wrap: balance; }}
.sd h2 {{ font-size: 1.15rem; line-height: 1.3; font-weight: 650; margin: 1.4rem 0 0.2rem; padding: 0; }}
.sd h3 {{ font-size: 1rem; line-height: 1.35; font-weight: 600; margin: 0.6rem 0 0; padding: 0; text-wrap: pretty; }}
.sd p {{ margin: 0 0 0.5rem; max-width: 46rem; }}
.sd ul {{ margin: 0.2rem 0 0.5rem; padding-left: 1.1rem; max-width: 46rem; }}
.sd li {{ margin: 0.2rem 0; }}
.sd .muted {{ color: {muted}; }}
.sd code {{ font-size: 0.85em; color: {ink}; background: {middle}; padding: 0.1em 0.35em; border-radius: 3px; }}
.sd pre {{ color: {ink}; background: {middle}; padding: 0.7rem 0.9rem; border-radius: 4px; overflow-x: auto;
  font-size: 0.85rem; }}
.sd pre code {{ background: none; padding: 0; font-size: inherit; }}
.sd-eyebrow {{ color: {muted}; font-size: 0.88rem; }}
.sd-tiles {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 1rem 1.5rem;
  margin: 0.9rem 0 0.6rem; padding-top: 0.9rem; border-top: 1px solid {line}; }}
.sd-tile b {{ display: block; font-size: 1.65rem; font-weight: 600; line-height: 1.15;
  font-variant-numeric: tabular-nums; }}
.sd-tile span {{ display: block; }}
.sd-tile small {{ display: block; color: {muted}; font-size: 0.82rem; line-height: 1.3; }}
.sd-key {{ display: flex; flex-wrap: wrap; gap: 0.25rem 1.1rem; margin: 0.1rem 0 0.5rem; }}
.sd-key span {{ white-space: normal; }}
.sd-swatch {{ width: 12px; height: 12px; display: inline-block; margin-right: 0.5em; flex: none;
  position: relative; top: 1px; background: currentColor; }}
.sd-circle {{ border-radius: 50%; }}
.sd-square {{ clip-path: inset(1px); }}
.sd-diamond {{ clip-path: polygon(50% 0, 100% 50%, 50% 100%, 0 50%); }}
.sd-triangle-up {{ clip-path: polygon(50% 4%, 100% 96%, 0 96%); }}
.sd-triangle-down {{ clip-path: polygon(0 4%, 100% 4%, 50% 96%); }}
.sd-cross {{ clip-path: polygon(33% 0, 67% 0, 67% 33%, 100% 33%, 100% 67%, 67% 67%, 67% 100%, 33% 100%, 33% 67%,
  0 67%, 0 33%, 33% 33%); }}
.sd-star {{ clip-path: polygon(50% 0, 63% 35%, 100% 37%, 71% 60%, 81% 96%, 50% 75%, 19% 96%, 29% 60%, 0 37%,
  37% 35%); }}
.sd-hexagon {{ clip-path: polygon(50% 0, 93% 25%, 93% 75%, 50% 100%, 7% 75%, 7% 25%); }}
.sd-circle-open {{ border-radius: 50%; background: none; border: 2px solid currentColor; }}
.sd-scroll {{ overflow-x: auto; max-width: 100%; }}
.sd-scroll.sd-long {{ max-height: 30rem; overflow-y: auto; }}
.sd-table {{ border-collapse: collapse; width: 100%; font-size: 0.9rem; font-variant-numeric: tabular-nums; }}
.sd-table th {{ text-align: left; font-weight: 500; color: {muted}; font-size: 0.82rem; line-height: 1.25;
  padding: 0.35rem 0.8rem 0.35rem 0; border: 0; border-bottom: 1px solid {line}; vertical-align: bottom; }}
.sd-table td {{ padding: 0.38rem 0.8rem 0.38rem 0; border: 0; border-bottom: 1px solid {line};
  vertical-align: top; line-height: 1.35; }}
.sd-table tr:last-child td {{ border-bottom: 0; }}
.sd-table .num {{ text-align: right; white-space: nowrap; padding-left: 0.8rem; }}
.sd-table th.num {{ white-space: normal; min-width: 4.5rem; }}
.sd-table th[title] {{ cursor: help; }}
.sd-long .name {{ min-width: 8rem; max-width: 11rem; }}
.sd-table .name {{ min-width: 9rem; max-width: 19rem; font-weight: 500; overflow-wrap: anywhere; }}
.sd-table .words {{ min-width: 7.5rem; }}
.sd-table .prose {{ min-width: 12rem; overflow-wrap: anywhere; }}
.sd-long .prose {{ min-width: 15rem; }}
.sd-long .ends {{ white-space: normal; min-width: 6.5rem; }}
.sd-table.sd-narrow {{ width: auto; }}
.sd-table .sticky {{ position: sticky; left: 0; background: {ground}; z-index: 1; }}
.sd-long thead th {{ position: sticky; top: 0; background: {ground}; z-index: 2; }}
.sd-long thead th.sticky {{ z-index: 3; }}
.sd-name {{ display: flex; align-items: baseline; }}
.sd-fold {{ margin: 0.1rem 0 0.9rem; }}
.sd-fold summary {{ cursor: pointer; color: {muted}; font-size: 0.88rem; padding: 0.25rem 0; }}
.sd-fold summary:hover {{ color: {ink}; }}
.sd-fold summary:focus-visible {{ outline: 2px solid {accent}; outline-offset: 2px; }}
.sd-chip {{ white-space: nowrap; font-weight: 500; }}
.sd-chip i {{ font-style: normal; margin-right: 0.35em; font-size: 0.85em; }}
.sd-PASS {{ color: {passed}; }}
.sd-WARN {{ color: {warned}; }}
.sd-FAIL {{ color: {failed}; }}
.sd-pair-merge {{ color: {passed}; }}
.sd-pair-cannot-tell {{ color: {untested}; font-weight: 400; }}
.sd-retired {{ color: {muted}; border: 1px solid {muted}; border-radius: 3px; padding: 0 0.3em; font-weight: 400;
  white-space: nowrap; }}
.sd-NOT_TESTED {{ color: {untested}; font-weight: 400; }}
/* A shade at the side where a table goes on: what is cut off there must not look like all there is. */
@media screen {{
  .sd-scroll {{ background: linear-gradient(to left, {ground} 40%, transparent) 100% 0 / 3rem 100% no-repeat local,
    linear-gradient(to left, {band}, transparent) 100% 0 / 0.9rem 100% no-repeat scroll; }}
}}
"""


def components(look: Theme) -> str:
    """Return the style sheet in the colours of `look`."""
    return COMPONENTS.format(font=FONT, **vars(look))
