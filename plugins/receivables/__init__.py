"""Receivables: the Beancount plugin, as in `plugin "receivables"`.

The plugin adds nothing to the ledger. It reads what the ledger says about receivables, reports what
is wrong at the user's line, and makes the relations available as BQL tables in `bean-query` and on
Fava's query page. Importing this package is cheap: Beancount and beanquery are imported when used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

__plugins__ = ("receivables",)
__version__: Final = "0.1.0"


def receivables(
    entries: Sequence[Any], options_map: dict[str, Any], config: str | None = None
) -> tuple[Sequence[Any], list[Any]]:
    """The plugin itself.

    Args:
      entries: Beancount directives.
      options_map: Beancount's options; a `receivables.bql.LoadedBook` is put into it, by which a
        ledger from Beancount's load cache brings the BQL tables with it.
      config: Not used: all settings are dated directives in the ledger. Anything else than nothing is
        an error that says so.
    Returns:
      The entries, unchanged, and the problems.
    """
    from receivables.loading import check

    return entries, check(entries, options_map, config)
