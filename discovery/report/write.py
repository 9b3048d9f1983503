"""Write the files of a report, each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from discovery.core.errors import UsageError, did_you_mean
from discovery.core.review import Review
from discovery.core.run import Run

Paper = Literal["A4", "Letter"]
Format = Literal["html", "pdf", "xlsx", "md"]


@dataclass(frozen=True)
class Report:
    """The files that were written.

    Parameters
    ----------
    paths : mapping
        By format, in the order asked for.
    missing : tuple of str
        What could not be made, and what to install, one sentence each.
    """

    paths: Mapping[str, Path]
    missing: tuple[str, ...] = ()


def write_report(
    review: Review,
    before: Run,
    now: Run,
    folder: Path,
    *,
    paper: Paper = "A4",
    formats: Sequence[Format] = ("html", "pdf", "xlsx", "md"),
) -> Report:
    """Write ``report.html``, ``report.pdf``, ``report.xlsx`` and ``report.md`` and return where they are.

    Parameters
    ----------
    review : Review
        What is told.
    before, now : Run
        The two runs it compares.
    folder : Path
        Where the files go; made where it is not there.
    paper : {"A4", "Letter"}
        Of the PDF, and of the page when a browser prints it.
    formats : sequence of str
        Which files.

    Raises
    ------
    UsageError
        Where a format or the paper is unknown, or the runs are not those of the review.

    Notes
    -----
    The same review gives the same bytes. Without a browser there is no PDF; everything else is written, and ``missing``
    says so.
    """
    # Plotly, the workbook writer and the charts load when a report is written, not when a command starts.
    from discovery.report import page, pdf, summary, workbook

    _checked(review, before, now, paper, formats)
    html = cache(lambda: page.page(review, before, now, paper))
    folder.mkdir(parents=True, exist_ok=True)
    writers: Mapping[str, Callable[[Path], str]] = {
        "html": lambda to: _text(to, html()),
        "pdf": lambda to: pdf.write(to, html(), review.as_of_now),
        "xlsx": lambda to: workbook.write(to, review, now),
        "md": lambda to: _text(to, summary.summary(review, now)),
    }
    paths: dict[str, Path] = {}
    missing: list[str] = []
    for each in formats:
        target = folder / f"report.{each}"
        part = folder / f".report.{each}.part"
        try:
            fault = writers[each](part)
            if fault:
                missing.append(fault)
                # A file of an earlier report would pass for one of this.
                target.unlink(missing_ok=True)
            else:
                part.replace(target)
                paths[each] = target
        finally:
            part.unlink(missing_ok=True)
    return Report(paths, tuple(missing))


def report_file(review: Review, before: Run, now: Run, form: Format, paper: Paper = "A4") -> bytes:
    """Return one file of the report, the same as `write_report` writes.

    Raises
    ------
    UsageError
        Where it cannot be made, with what to install.
    """
    with TemporaryDirectory(prefix="report-") as room:
        made = write_report(review, before, now, Path(room), paper=paper, formats=(form,))
        if made.missing:
            raise UsageError(made.missing[0])
        return made.paths[form].read_bytes()


def _text(to: Path, text: str) -> str:
    to.write_text(text, encoding="utf-8", newline="\n")
    return ""


def _checked(review: Review, before: Run, now: Run, paper: str, formats: Sequence[str]) -> None:
    known = ("html", "pdf", "xlsx", "md")
    for each in formats:
        if each not in known:
            raise UsageError(f"A report's format must be one of {', '.join(known)}, got {each!r}. "
                             f"{did_you_mean(each, known)}")  # fmt: skip
    if paper not in ("A4", "Letter"):
        raise UsageError(f"The paper must be A4 or Letter, got {paper!r}.")
    if (before.id, now.id) != (review.before, review.now):
        raise UsageError(
            f"The runs must be those of the review, {review.before} and {review.now}, got {before.id} and {now.id}."
        )
