"""docs/operate/scale.md is what the kept results say, and its arithmetic holds."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import pytest

from bench.scale_command import PAGE, RESULTS, SIZES
from bench.scale_page import USERS, build_page
from bench.scaling import (
    CONNECTIONS_OF_A_PROCESS,
    DELIVERY_DAYS,
    EVENT_LOG_DAYS,
    Habits,
    Limits,
    need_of,
    read_costs,
)
from chaupal.settings import Settings
from chaupal.store.schema import metadata
from tests.conftest import PROJECT

COSTS = read_costs(RESULTS, SIZES)


class TestPage:
    def test_it_is_what_the_results_say(self) -> None:
        assert PAGE.read_text() == build_page(COSTS)

    def test_check_says_so_without_writing_anything(self) -> None:
        command = [sys.executable, "bench/scale.py", "--check"]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")

    def test_another_cost_would_make_another_page(self) -> None:
        assert build_page(replace(COSTS, post_cpu_us=COSTS.post_cpu_us * 2)) != PAGE.read_text()

    def test_the_tables_that_were_measured_are_ours(self) -> None:
        import chaupal.app  # noqa: F401 - all tables are known then

        for rows in COSTS.row_bytes.values():
            assert {"messages", "events", "people", "memberships", "webhook_deliveries"} <= rows.keys()
            assert rows.keys() <= metadata.tables.keys() | {"webhook_tries", "webhook_bodies", "webhook_deliveries"}

    def test_what_is_kept_for_a_while_is_kept_for_as_long_as_the_settings_say(self) -> None:
        assert (Settings().event_log_keep_days, Settings().webhook_keep_days) == (EVENT_LOG_DAYS, DELIVERY_DAYS)

    def test_a_process_has_the_connections_that_it_is_said_to_have(self) -> None:
        settings = Settings()
        assert settings.store_writers + settings.store_readers + 3 + 2 == CONNECTIONS_OF_A_PROCESS

    def test_a_process_is_given_as_many_streams_as_it_takes(self) -> None:
        assert Limits().streams_of_a_process == Settings().streams_max


class TestNeedOf:
    def test_a_million_users_by_hand(self) -> None:
        need = need_of(1_000_000, COSTS, Habits(posts_a_day=8.64, peak_factor=2), Limits(streams_of_a_process=1_000))
        assert need.posts_s == pytest.approx(200)
        assert need.stream_events_s == pytest.approx(2_000)
        assert need.streams == 100_000
        assert need.api_processes == 100
        assert need.server_gb == pytest.approx(0.101 * COSTS.idle_mb + 0.1 * COSTS.stream_kb)
        assert need.machines == 13
        # Servers are spread evenly over the cells, one worker with them.
        assert need.cells == math.ceil(need.database_tb / Limits().database_tb)
        assert need.connections == math.ceil(101 / need.cells) * 11
        assert need.largest_tenant_posts_s == pytest.approx(4)

    @pytest.mark.parametrize("users", USERS)
    def test_no_part_of_a_cell_is_asked_for_more_than_it_may_bear(self, users: int) -> None:
        limits = Limits()
        need = need_of(users, COSTS, Habits(), limits)
        assert need.database_cores / need.cells <= limits.database_cores
        assert need.database_tb / need.cells <= limits.database_tb
        assert need.api_cores / need.api_processes <= limits.process_cores
        assert need.streams / need.api_processes <= limits.streams_of_a_process

    def test_busy_databases_are_divided_by_their_cpu_and_full_ones_by_their_size(self) -> None:
        busy = need_of(10_000_000, COSTS, Habits(pages_a_day=10_000), Limits())
        full = need_of(10_000_000, COSTS, Habits(), Limits())
        assert busy.first_full == "the database's CPU"
        assert full.first_full == "the database's size"
        assert busy.cells > full.cells
