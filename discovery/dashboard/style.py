"""The style sheet of the pages: a quiet frame in the theme's greys."""

from __future__ import annotations

from discovery.charts.sheet import components
from discovery.charts.theme import Theme

SHEET = """
<style>
.stMainBlockContainer {{ padding-top: 4.4rem; padding-bottom: 4rem; max-width: 1180px; }}
{components}
[class*="st-key-group-"] {{ border-left: 2px solid {band}; padding-left: 0.9rem; gap: 0.6rem; }}
[data-testid^="stBaseButton"], [data-testid^="stBaseButton"] p {{ white-space: normal; text-align: left; }}
[data-testid="stPageLink-NavLink"] {{ padding-left: 0; background: none; }}
[data-testid="stPageLink-NavLink"] p {{ color: {accent}; text-decoration: underline; text-underline-offset: 0.2em; }}
[data-testid="stDateInput"] [role="spinbutton"] {{ min-width: 24px; min-height: 24px; }}
.sd-count b {{ font-size: 1.65rem; font-weight: 600; font-variant-numeric: tabular-nums; }}
.sd-fault {{ border-left: 2px solid {failed}; padding-left: 0.9rem; }}
[data-testid="stBaseButton-primary"]:enabled p, [data-testid="stBaseButton-primaryFormSubmit"]:enabled p,
  [data-tag], [data-tag] * {{ color: {ground}; }}
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {{ color: {muted}; opacity: 1; }}
.sd-fault pre {{ white-space: pre-wrap; margin: 0; }}
.sd mark {{ color: {ground}; background: {failed}; }}
[class*="st-key-wide-"] {{ overflow-x: auto; }}
[class*="st-key-wide-"] > div {{ min-width: 800px; }}
@media (min-width: 641px) {{
  .stColumn .sd h3 {{ min-height: 4.05em; display: flex; align-items: flex-end; }}
  .sd-key {{ display: none; }}
}}
@media (max-width: 640px) {{
  .stMainBlockContainer {{ padding-left: 1rem; padding-right: 1rem; }}
  .sd h1 {{ font-size: 1.4rem; }}
  .sd-tiles {{ grid-template-columns: 1fr 1fr; }}
  .sd-tile b {{ font-size: 1.4rem; }}
  .sd-table .name {{ min-width: 7.5rem; max-width: 9.5rem; }}
  .sd-table .prose {{ min-width: 24rem; }}
  .st-key-map .annotation {{ display: none; }}
}}
</style>
"""


def sheet(look: Theme) -> str:
    """Return the style sheet in the colours of `look`."""
    return SHEET.format(components=components(look), **vars(look))
