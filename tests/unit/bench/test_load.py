"""A run in which anything failed must not become a figure, whichever program made the load."""

import json

import pytest

from bench.load.generator import RunRefused, read_result

GOOD = {"requests": 100, "duration_s": 2.0, "p50_ms": 1.5, "p99_ms": 4.0, "refused": 0, "broken": 0}


def printed(**fields: float) -> str:
    return "Running 2s test\nRESULT " + json.dumps({**GOOD, **fields}) + "\nRequests/sec: 50\n"


class TestReadResult:
    def test_the_result_is_found_among_other_lines(self) -> None:
        result = read_result(printed())
        assert (result.requests, result.p50_ms, result.requests_per_s) == (100, 1.5, 50)

    @pytest.mark.parametrize("fields", [{"refused": 1}, {"broken": 1}, {"requests": 0}])
    def test_a_run_with_errors_or_without_requests_is_refused(self, fields: dict[str, float]) -> None:
        with pytest.raises(RunRefused):
            read_result(printed(**fields))

    def test_a_program_that_printed_no_result_is_refused(self) -> None:
        with pytest.raises(RunRefused, match="unable to connect"):
            read_result("unable to connect to 127.0.0.1:9 Connection refused")
