"""Assignment: which named policy (of penalties, of limitation) holds for a document.

The nearest word wins: the document's own metadata, its contract, its customer, the policy of its entity, and
last the policy without a name. One word stands above all: an entity that is exempt ("none") by law or faith.
"""

from __future__ import annotations

import datetime
from typing import Final

from receivables.lookup import Lookup
from receivables.settings import Key, Policy, PolicyForm, Settings, text

NONE: Final = "none"
"""The word for no policy at all."""

ENTITY: Final = PolicyForm(
    "entity",
    "Which policies hold for everybody of an entity (a branch, a company of the group), by its name; without a name, "
    "for everybody who has no entity.",
    {
        "penalty": Key(
            text, 'the name of a penalty policy, or "none"', "What late payment costs; none beats every other word."
        ),
        "limitation": Key(text, 'the name of a limitation policy, or "none"', "By which rule claims expire."),
    },
    named=True,
)


def policy_name(settings: Settings, lookup: Lookup, item: int, subject: str, date: datetime.date) -> str:
    """The name of the policy for an item: "" for the one without a name, "none" for no policy.

    Args:
      settings: The policies.
      lookup: Metadata of the book's items.
      item: The item.
      subject: "penalty" or "limitation"; also the metadata word that names the policy.
      date: The day on which the entity's policy is asked.
    """
    words, pocket = lookup.words(item), lookup.pocket(item)
    entity = words.get("entity")
    if entity is None:
        entity = lookup.of_pocket(pocket, "entity")
    of_entity = settings.value("entity", subject, date, name="" if entity is None else str(entity))
    if of_entity == NONE:
        return NONE
    own = words.get(subject)
    if own is None and "contract" in words:
        contract = settings.contracts.get(str(words["contract"]))
        own = None if contract is None else contract.details.get(subject)
    if own is None:
        own = lookup.of_pocket(pocket, subject)
    chosen = own if own is not None else of_entity
    return "" if chosen is None else str(chosen)


def policy_for(settings: Settings, lookup: Lookup, item: int, subject: str, date: datetime.date) -> Policy | None:
    """The policy in force on `date` for an item; None where there is none or the word is "none"."""
    name = policy_name(settings, lookup, item, subject, date)
    return None if name == NONE else settings.in_force(subject, date, name)
