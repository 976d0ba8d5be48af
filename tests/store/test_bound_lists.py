"""Lists that are bound as one value: each element comes to the database as it is, whatever characters it has."""

from __future__ import annotations

import pytest
from sqlalchemy import Text, bindparam, select

from chaupal.auth.caller import Operator
from chaupal.store.statements import Statement, in_list
from chaupal.store.transaction import Transaction
from tests.stores import Database, OpenStore

pytestmark = pytest.mark.anyio

TEXTS = [
    "",
    " ",
    "plain",
    "NULL",
    "null",
    "a,b",
    "{a}",
    '"',
    "\\",
    '\\"',
    "'",
    "a b",
    "\n\t",
    "नमस्ते",
    "🕘",
    "%s",
    "$1",
    "[]",
]
_HAS = Statement(
    select(bindparam("text", type_=Text)).where(
        bindparam("tenant_id", type_=Text) != "", in_list(bindparam("text", type_=Text), "texts")
    )
)


class TestInList:
    async def test_a_text_is_found_if_it_is_in_the_list_and_only_then(
        self, shared_database: Database, store_on: OpenStore
    ) -> None:
        def find(tx: Transaction, _caller: Operator, texts: list[str]) -> list[str]:
            return [text for text in TEXTS if tx.all(_HAS, text=text, texts=texts)]

        store = store_on(shared_database)
        caller = Operator("tenant")
        assert await store.read(find, caller, TEXTS) == TEXTS
        assert await store.read(find, caller, []) == []
        for text in TEXTS:
            assert await store.read(find, caller, [text]) == [text]
