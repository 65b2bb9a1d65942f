"""Bank: statements of any common format become bank lines of one shape, each with an id that stays.

`read` takes a file to its statements, whatever its format; `report` shows lines as the relation
`bank_lines`; `receivables_importers.bank.importer` has the importer for beangulp and Fava.
"""

from receivables_importers.bank.model import (
    Balance,
    BankError,
    BankFile,
    BankLine,
    BankStatement,
    Problem,
    References,
    told,
)
from receivables_importers.bank.profiles import Profile, load, of_names
from receivables_importers.bank.reading import identify, read, read_stream
from receivables_importers.bank.relation import COLUMNS, brief, report, together

__all__ = [
    "COLUMNS",
    "Balance",
    "BankError",
    "BankFile",
    "BankLine",
    "BankStatement",
    "Problem",
    "Profile",
    "References",
    "brief",
    "identify",
    "load",
    "of_names",
    "read",
    "read_stream",
    "report",
    "together",
    "told",
]
