"""Which statements rules run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chaupal.store.statements import Statement
from chaupal.store.transaction import Transaction


@contextmanager
def counted() -> Iterator[list[Statement]]:
    """The statements that rules run meanwhile."""
    run: list[Statement] = []
    plain = Transaction.all

    def watched(self: Transaction, statement: Statement, /, **params: Any) -> list[tuple[Any, ...]]:
        run.append(statement)
        return plain(self, statement, **params)

    Transaction.all = watched  # type: ignore[method-assign]
    try:
        yield run
    finally:
        Transaction.all = plain  # type: ignore[method-assign]
