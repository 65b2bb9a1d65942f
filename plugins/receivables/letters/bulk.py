"""Many letters at once: on all cores, in order, and in spite of a worker that dies.

Workers are processes of their own, started afresh (so it works the same on every platform, and no lock of a
library is inherited half-held). Letters come out in the order of the statements, as soon as they and all
before them are done; statements are taken from the iterable only as fast as letters are made.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing import get_context
from typing import NamedTuple

from receivables.letters import Letter, LetterError, render
from receivables.letters.model import Statement

CHUNK = 16
"""Statements that a worker takes at a time: long enough to hide the way there and back, short enough to stop soon."""

WORTH_WORKERS = 64
"""Fewer statements than this are done before a worker has even started."""


class _Chunk(NamedTuple):
    """Statements on their way through a worker; `first` is the position of the first one."""

    first: int
    statements: list[Statement]
    result: Future[list[Letter]]


def render_all(
    statements: Iterable[Statement],
    format: str,
    workers: int,
) -> Iterator[tuple[int, Letter]]:
    """Renders statements and yields each one's position and letter, in order.

    A worker that dies (for lack of memory, say) is replaced and its statements are tried once more, one at a time.
    Closing the iterator, or interrupting it, stops the workers.

    Args:
      statements: What to render; need not be a list.
      format: One of `receivables.letters.FORMATS`.
      workers: How many processes to use; 1 renders in this one, and so do fewer than `WORTH_WORKERS` statements.

    Raises:
      LetterError: When a letter cannot be made; or when a statement kills its worker twice.
    """
    source = iter(statements)
    head = list(islice(source, WORTH_WORKERS)) if workers > 1 else []
    if len(head) < WORTH_WORKERS:
        yield from enumerate(render(statement, format) for statement in chain(head, source))
        return
    yield from _in_processes(chain(head, source), format, workers)


def _in_processes(statements: Iterator[Statement], format: str, workers: int) -> Iterator[tuple[int, Letter]]:
    pool = _pool(workers)
    under_way: deque[_Chunk] = deque()
    taken = 0
    try:
        while True:
            while len(under_way) < 3 * workers:
                chunk = [_portable(statement) for statement in islice(statements, CHUNK)]
                if not chunk:
                    break
                under_way.append(_submit(pool, taken, chunk, format))
                taken += len(chunk)
            if not under_way:
                return
            first = under_way[0]
            try:
                letters = first.result.result()
            except BrokenProcessPool:
                _stop(pool)
                letters = _one_at_a_time(first.statements, format)
                pool = _pool(workers)
                under_way = deque(
                    chunk
                    if chunk.result.done() and chunk.result.exception() is None
                    else _submit(pool, chunk.first, chunk.statements, format)
                    for chunk in under_way
                )
            under_way.popleft()
            yield from enumerate(letters, first.first)
    finally:
        _stop(pool)


def _submit(pool: ProcessPoolExecutor, first: int, statements: list[Statement], format: str) -> _Chunk:
    try:
        return _Chunk(first, statements, pool.submit(_render_chunk, statements, format))
    except BrokenProcessPool as error:
        # Seen at submission rather than at the result: the same death, to be met in the same place.
        broken: Future[list[Letter]] = Future()
        broken.set_exception(error)
        return _Chunk(first, statements, broken)


def _one_at_a_time(statements: list[Statement], format: str) -> list[Letter]:
    """Letters of statements one of which may have killed a worker, each in a process of which nothing else depends."""
    letters: list[Letter] = []
    pool = _pool(1)
    try:
        for statement in statements:
            letters.extend(pool.submit(_render_chunk, [statement], format).result())
    except BrokenProcessPool as error:
        code = statements[len(letters)].debtor.code
        raise LetterError(
            f"the process that made the {format} for customer {code!r} died; is there enough memory?"
        ) from error
    finally:
        _stop(pool)
    return letters


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_ignore_interrupts)


def _stop(pool: ProcessPoolExecutor) -> None:
    pool.shutdown(wait=True, cancel_futures=True)


def _ignore_interrupts() -> None:
    """Ctrl-C reaches every process of a terminal; the workers leave it to their parent, who stops them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _render_chunk(statements: list[Statement], format: str) -> list[Letter]:
    return [render(statement, format) for statement in statements]


def _portable(statement: Statement) -> Statement:
    """The statement with plain dictionaries, which can be sent to another process when views of them cannot."""
    company = statement.company
    return statement._replace(company=company._replace(pay_to=dict(company.pay_to), note=dict(company.note)))
