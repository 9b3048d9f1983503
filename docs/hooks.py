"""What mkdocs does beside building pages: two documents that stand elsewhere become pages of the manual."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_ELSEWHERE = {"benchmarks/README.md": "benchmarks.md", "CHANGELOG.md": "changelog.md"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    root = Path(config.config_file_path).parent
    for path, page in _ELSEWHERE.items():
        files.append(File.generated(config, page, content=(root / path).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Return a page whose links to those documents, which are right in the repository, lead to their pages."""
    for path, page in _ELSEWHERE.items():
        markdown = markdown.replace(f"](../{path}", f"]({page}")
    return markdown.replace("](../docs/", "](")
