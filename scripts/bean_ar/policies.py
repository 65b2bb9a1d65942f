"""The command that shows the ready policies of each country and copies them beside a ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import click

from receivables.faces.text import neutral
from receivables.files import write_whole

_FIRST = re.compile(r"^;; (?P<country>[^:\n]+): (?P<what>.+)$", re.MULTILINE)
_LAW = re.compile(r"^; Law: (?P<law>.+)$", re.MULTILINE)
_POLICY = re.compile(
    r'^(?P<since>\d{4}-\d\d-\d\d) custom "receivables-policy" "(?P<subject>[^"]+)"(?: "(?P<name>[^"]+)")?', re.MULTILINE
)


class About(NamedTuple):
    """What a file of ready policies says of itself.

    Attributes:
      country: For which country.
      what: What it brings, as a sentence without a full stop.
      law: The laws that its penalties rest on.
      policies: Subject ("penalty") → name of a policy → since when it is in force.
    """

    country: str
    what: str
    law: str
    policies: Mapping[str, Mapping[str, str]]


def policies_folder(package: Path) -> Path:
    """The folder of the ready policies: inside the package where it is installed, else that of the checkout."""
    installed = package / "policies"
    return installed if installed.is_dir() else package.parents[1] / "ledger" / "policies"


def ready_policies() -> dict[str, Path]:
    """Name → file of all ready policies, in order of the alphabet."""
    folder = policies_folder(Path(str(files("bean_ar"))))
    return {path.stem: path for path in sorted(folder.glob("*.beancount"))}


def about(text: str) -> About:
    """What the file with this text says of itself.

    Raises ValueError when it does not begin with its country and its law.
    """
    first, law = _FIRST.match(text), _LAW.search(text)
    if first is None or law is None:
        raise ValueError("it does not begin with its country and its law")
    found: dict[str, dict[str, str]] = {}
    for policy in _POLICY.finditer(text):
        of_subject = found.setdefault(policy["subject"], {})
        name = policy["name"] or ""
        of_subject[name] = min(policy["since"], of_subject.get(name, policy["since"]))
    return About(first["country"], first["what"].rstrip("."), law["law"], found)


def include_line(path: Path) -> str:
    """The line of a ledger that includes a file.

    >>> print(include_line(Path('my "old" policies/france.beancount')))
    include "my \\"old\\" policies/france.beancount"
    """
    written = path.as_posix().replace("\\", "\\\\").replace('"', '\\"')
    return f'include "{written}"'


@click.command()
@click.argument("name", required=False)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Copy the file into this folder, which is made where it is missing.",
)
def policies(name: str | None, into: Path | None) -> None:
    """Show the ready policies of a country, or copy them beside a ledger; without a name, list all.

    Each is one file to include, with what late payment costs there by law, the published rates that it needs, when
    claims expire, and where all of it was seen. None is legal advice: check before you charge.

    \b
    Examples:
      bean-ar policies
      bean-ar policies united-kingdom
      bean-ar policies united-kingdom --into policies/
    """
    known = ready_policies()
    if name is None:
        if into is not None:
            raise click.UsageError(f"say which policies: one of {', '.join(known)}")
        for each, path in known.items():
            click.echo(_listed(each, about(path.read_text("utf-8"))))
        return
    if name not in known:
        near = get_close_matches(name.casefold(), list(known), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise click.UsageError(f'there are no policies "{name}"{hint} (there are: {", ".join(known)})')
    if into is None:
        click.echo(known[name].read_text("utf-8"), nl=False)
        return
    target = into / known[name].name
    _copy(known[name], target)
    click.echo(neutral(f"Written: {target}. Add this line to the ledger, with the path as seen from its folder:"))
    click.echo(neutral(include_line(target)))


def _listed(name: str, told: About) -> str:
    """A file in the list: its name, what it is, its law, and the names that customers choose."""
    lines = [f"{told.country}: {told.what}", told.law]
    for subject, found in told.policies.items():
        days: dict[str, list[str]] = {}
        for policy, since in found.items():
            days.setdefault(since, []).append(policy or "for everybody")
        each = "; ".join(f"{', '.join(names)} since {day}" for day, names in days.items())
        lines.append(f"{subject}: {each}")
    heads = (name, *[""] * (len(lines) - 1))
    return "\n".join(neutral(f"{head:<16}{line}") for head, line in zip(heads, lines, strict=True))


def _copy(source: Path, target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise click.UsageError(f"{target} exists and may have your changes: choose another --into, or move it away")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, source.read_bytes())
    except OSError as error:
        raise click.ClickException(f"cannot write {target}: {error.strerror}; nothing was written") from error
