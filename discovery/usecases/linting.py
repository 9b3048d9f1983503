"""Rule files checked before anybody is mailed: by logic alone, or with what a workspace's data tell."""

from __future__ import annotations

from pathlib import Path

from discovery.core.dataset import day_of
from discovery.core.errors import UsageError
from discovery.export import targets
from discovery.features.catalogue import BY_NAME
from discovery.rules.faults import Finding
from discovery.rules.library import Library, library_from
from discovery.rules.lint import History, lint
from discovery.rules.vocabulary import Vocabulary
from discovery.store import Workspace, read_entries
from discovery.usecases.measuring import measure, vocabulary_of
from discovery.usecases.rulebook import blocks, opened


def lint_rules(
    path: str | Path, workspace: str | Path | Workspace | None = None, target: str = "", exclusive: bool = False
) -> tuple[Library, tuple[Finding, ...]]:
    """Return the rules of a file and what is wrong with them.

    Parameters
    ----------
    path : str or Path
        A rule file: YAML, as ``configs/segments.yaml``.
    workspace : str, Path or Workspace, optional
        Whose data tell which values are missing and how far back they go. None: logic alone is looked at.
    target : str
        ``klaviyo`` or ``sql``: also tell what it cannot express. Empty: no target.
    exclusive : bool
        Also tell why customers are in more than one segment, or in none.

    Returns
    -------
    library : Library
        The rules that can be used, and those that ask for what the data lack.
    findings : tuple of Finding
        One per fault, rule by rule and then pair by pair, each with a sentence; empty: nothing was found.

    Raises
    ------
    UsageError
        If there is no such target.
    SettingError
        If there is no such file.
    RuleError
        Naming every entry that cannot be read.
    WorkspaceError
        If there is no workspace, or it holds no dataset.

    Notes
    -----
    Features are taken to vary freely, so nothing is reported that could be otherwise; contradictions that only
    arithmetic between features shows are not seen.

    Examples
    --------
    >>> import discovery
    >>> with open("rules.yaml", "w") as file:
    ...     _ = file.write("- {name: Nobody, where: orders >= 3 AND orders < 2}\\n")
    >>> library, findings = discovery.lint_rules("rules.yaml")
    >>> [(found.rule, str(found.fault)) for found in findings]
    [('Nobody', 'contradictory')]
    """
    if target and target not in targets.EXPRESSIBLE:
        raise UsageError(f"A target must be one of {', '.join(targets.EXPRESSIBLE)}, got {target!r}.")
    entries = read_entries(Path(path))
    history, known = None, Vocabulary(BY_NAME)
    library = None
    if workspace is not None:
        with opened(workspace) as (asked, dataset):
            known = vocabulary_of(asked, dataset)
            library = library_from(entries, known)
            missing: dict[str, int] = {}
            for _, names in blocks(library.rules):
                values = measure(asked, dataset, dataset.data_end, names, vocabulary=known).table.values
                missing |= {str(name): int(n) for name, n in values.isna().sum().items()}
            history = History((dataset.data_end - day_of(dataset.first_at)).days, missing)
    library = library or library_from(entries, known)
    expressible = targets.EXPRESSIBLE[target] if target else None
    found = lint(
        library.rules, known, history=history, expressible=expressible, target=target.title(), exclusive=exclusive
    )
    return library, found
