"""Many letters at once: on all cores, in order, and in spite of a worker that dies.

Workers are processes of their own, started afresh, so that it works the same on every platform. Each has a pipe of
its own and one task at a time; there is no queue, lock or thread that a dying worker could leave in disorder (the
pools of the standard library hang when a worker is killed at the wrong moment). Letters come out in the order
of the statements, and statements are taken from the iterable only as fast as letters are made.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
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


def _in_processes(statements: Iterator[Statement], format: str, workers: int) -> Iterator[tuple[int, Letter]]:
    tasks = _tasks(statements)
    waiting: deque[_Task] = deque()
    done: dict[int, _Answer] = {}
    taken = given = 0
    with closing(_Crew(format, workers)) as crew:
        while True:
            while len(waiting) < workers and taken - given < 3 * workers * CHUNK and (task := next(tasks, None)):
                waiting.append(task)
                taken += len(task.statements)
            while waiting and crew.has_room():
                crew.give(waiting.popleft())
            if given == taken:
                return
            for task, answer in crew.hear():
                if answer is not None:
                    done[task.first] = answer
                elif task.again:
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


def _tasks(statements: Iterator[Statement]) -> Iterator[_Task]:
    first = 0
    while chunk := [_portable(statement) for statement in islice(statements, CHUNK)]:
        yield _Task(first, chunk)
        first += len(chunk)


def _one_by_one(task: _Task) -> list[_Task]:
    """The tasks that replace one on which a worker has died: one for each statement."""
    return [_Task(task.first + index, [statement], True) for index, statement in enumerate(task.statements)]


def _died_twice(task: _Task, format: str) -> LetterError:
    code = task.statements[0].debtor.code
    return LetterError(f"the {format} for customer {code!r} ended its worker twice; is there enough memory?")


class _Worker(NamedTuple):
    """A process and our end of its pipe."""

    process: BaseProcess
    pipe: Connection


class _Crew:
    """Workers, each of which is idle or busy with one task; those who die are replaced when they are needed."""

    def __init__(self, format: str, size: int) -> None:
        self._format = format
        self._size = size
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, tuple[_Worker, _Task]] = {}

    def has_room(self) -> bool:
        """Whether there is a worker for another task."""
        return len(self._busy) < self._size

    def give(self, task: _Task) -> None:
        """Gives a task to an idle worker, or to a new one."""
        worker = self._idle.pop() if self._idle else _start(self._format)
        self._busy[worker.pipe] = (worker, task)
        # A worker who has died in the meantime is found out by `hear`.
        with suppress(OSError):
            worker.pipe.send(task.statements)

    def hear(self) -> list[tuple[_Task, _Answer | None]]:
        """Waits until at least one task has an answer; None stands for the death of its worker."""
        heard: list[tuple[_Task, _Answer | None]] = []
        for pipe in wait(list(self._busy)):
            worker, task = self._busy.pop(cast("Connection", pipe))
            try:
                heard.append((task, worker.pipe.recv()))
                self._idle.append(worker)
            except (EOFError, OSError):
                _end([worker])
                heard.append((task, None))
        return heard

    def close(self) -> None:
        """Ends all workers."""
        _end([*self._idle, *(worker for worker, _ in self._busy.values())])


def _start(format: str) -> _Worker:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, format), daemon=True)
    # Ctrl-C reaches every process of a terminal. The workers leave it to us, from their first moment: they inherit
    # the mask.
    with _interrupts_held_back():
        process.start()
    # Only the worker holds its end now, so that its death shows at ours.
    theirs.close()
    return _Worker(process, ours)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    if os.name != "posix":
        yield
        return
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


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
    with suppress(EOFError, OSError):
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
