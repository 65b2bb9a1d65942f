"""Load a ledger with nothing but Beancount, and print the seconds of the load: a child of measure.py.

python benchmarks/load.py LEDGER on|off      (the garbage collector, while loading)
"""

from __future__ import annotations

import gc
import json
import sys
import time

from beancount import loader


def main(ledger: str, collector: str) -> None:
    """Load once; whether Beancount's own cache is used is up to its environment variable."""
    if collector == "off":
        gc.disable()
    started = time.perf_counter()
    loader.load_file(ledger)
    print(json.dumps({"load": time.perf_counter() - started}))


if __name__ == "__main__":
    main(*sys.argv[1:])
