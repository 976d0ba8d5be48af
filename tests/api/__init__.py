"""The API in this process, on SQLite and on PostgreSQL."""

import pytest

pytest.register_assert_rewrite("tests.api.client", "tests.api.scenarios")
