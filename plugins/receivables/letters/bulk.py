"""Many letters at once: on all cores, in order, and in spite of a worker that dies.

Workers are processes of their own, started afresh, so that it works the same on every platform. Each has a pipe of
its own and one task at a time; there is no queue, lock or thread that a dying worker could leave in disorder (the
pools of the standard library hang when a worker is killed at the wrong moment). Letters come out in the order
of the statements, and statements are taken from the iterable only as fast as letters are made.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import NamedTuple, cast

from receivables.letters import FORMATS, Letter, LetterError, render
from receivables.letters.model import Statement

CHUNK = 16
"""Statements that a worker takes at a time: long enough to hide the way there and back, short enough to share well."""

WORTH_WORKERS = 64
"""Fewer statements than this are done before a worker has even started."""


class _Task(NamedTuple):
    """Statements for a worker; `first` is the position of the first one, `again` whether a worker has died on it."""

    first: int
    statements: list[Statement]
    again: bool = False


class _Answer(NamedTuple):
    """What became of a task: its letters, up to the first that cannot be made, and why that one cannot."""

    letters: list[Letter]
    error: LetterError | None = None


class _Worker(NamedTuple):
    """A process and our end of its pipe."""

    process: BaseProcess
    pipe: Connection


def render_all(
    statements: Iterable[Statement],
    format: str,
    workers: int,
) -> Iterator[tuple[int, Letter]]:
    """Renders statements and yields each one's position and letter, in order.

    A worker that dies (for lack of memory, say) is replaced, and its statements are tried once more, one at a time.
    Closing the iterator, or interrupting it, ends the workers at once.

    Args:
      statements: What to render; need not be a list.
      format: One of `receivables.letters.FORMATS`.
      workers: How many processes to use; 1 renders in this one, and so do fewer than `WORTH_WORKERS` statements.

    Raises:
      LetterError: When a letter cannot be made, or a statement has cost two workers their lives.
      ValueError: When the format is none of `FORMATS`.
    """
    if format not in FORMATS:
        raise ValueError(f'letter format "{format}" is none of {", ".join(FORMATS)}')
    return _rendered(iter(statements), format, workers)


def _rendered(statements: Iterator[Statement], format: str, workers: int) -> Iterator[tuple[int, Letter]]:
    head = list(islice(statements, WORTH_WORKERS)) if workers > 1 else []
    everything = chain(head, statements)
    if len(head) < WORTH_WORKERS:
        yield from enumerate(render(statement, format) for statement in everything)
    else:
        yield from _in_processes(everything, format, workers)


def _in_processes(statements: Iterator[Statement], format: str, count: int) -> Iterator[tuple[int, Letter]]:
    idle = [_start(format) for _ in range(count)]
    busy: dict[Connection, tuple[_Worker, _Task]] = {}
    waiting: deque[_Task] = deque()
    done: dict[int, _Answer] = {}
    taken = given = 0
    try:
        while True:
            while len(waiting) < count and taken - given < 3 * count * CHUNK:
                chunk = [_portable(statement) for statement in islice(statements, CHUNK)]
                if not chunk:
                    break
                waiting.append(_Task(taken, chunk))
                taken += len(chunk)
            while waiting and len(busy) < count:
                worker = idle.pop() if idle else _start(format)
                task = waiting.popleft()
                busy[worker.pipe] = (worker, task)
                # A worker that has died in the meantime is found out below.
                with contextlib.suppress(OSError):
                    worker.pipe.send(task.statements)
            if not busy:
                return
            for pipe in wait(list(busy)):
                worker, task = busy.pop(cast("Connection", pipe))
                answer = _answer(worker)
                if answer is not None:
                    idle.append(worker)
                    done[task.first] = answer
                    continue
                _end([worker])
                if task.again:
                    done[task.first] = _Answer([], _died_twice(task, format))
                else:
                    waiting.extendleft(reversed(_one_by_one(task)))
            while given in done:
                letters, error = done.pop(given)
                for letter in letters:
                    yield given, letter
                    given += 1
                if error is not None:
                    raise error
    finally:
        _end([*idle, *(worker for worker, _ in busy.values())])


def _answer(worker: _Worker) -> _Answer | None:
    """What a worker says; None when it has died."""
    try:
        answer: _Answer = worker.pipe.recv()
    except (EOFError, OSError):
        return None
    return answer


def _one_by_one(task: _Task) -> list[_Task]:
    """The tasks that replace one on which a worker has died: one for each statement."""
    return [_Task(task.first + index, [statement], True) for index, statement in enumerate(task.statements)]


def _died_twice(task: _Task, format: str) -> LetterError:
    code = task.statements[0].debtor.code
    return LetterError(f"the {format} for customer {code!r} ended its worker twice; is there enough memory?")


def _start(format: str) -> _Worker:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, format), daemon=True)
    # Ctrl-C reaches every process of a terminal. The workers leave it to us, from their first moment: they inherit
    # the mask.
    if os.name == "posix":
        previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        if os.name == "posix":
            signal.pthread_sigmask(signal.SIG_SETMASK, previous)
    # Only the worker holds its end now, so that its death shows at ours.
    theirs.close()
    return _Worker(process, ours)


def _end(workers: list[_Worker]) -> None:
    """Ends workers, whatever they are at; a letter that is being made leaves nothing behind."""
    for worker in workers:
        worker.pipe.close()
        worker.process.kill()
    for worker in workers:
        worker.process.join()


def _work(pipe: Connection, format: str) -> None:
    """The life of a worker: statements in, letters out, until the other end is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, OSError):
        while True:
            pipe.send(_made(pipe.recv(), format))


def _made(statements: list[Statement], format: str) -> _Answer:
    letters: list[Letter] = []
    try:
        letters.extend(render(statement, format) for statement in statements)
    except LetterError as error:
        return _Answer(letters, error)
    return _Answer(letters)


def _portable(statement: Statement) -> Statement:
    """The statement with plain dictionaries, which can be sent to another process when views of them cannot."""
    company = statement.company
    return statement._replace(company=company._replace(pay_to=dict(company.pay_to), note=dict(company.note)))
