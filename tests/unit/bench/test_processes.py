import pytest

from bench.processes import build_environment


class TestBuildEnvironment:
    def test_a_measured_server_inherits_neither_settings_nor_the_order_to_keep_no_bytecode(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CHAUPAL_LISTEN", "127.0.0.1:1")
        monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        monkeypatch.setenv("LANG", "hi_IN.UTF-8")

        environment = build_environment({"CHAUPAL_DATA": "here"})

        assert environment["CHAUPAL_DATA"] == "here"
        assert environment["LANG"] == "hi_IN.UTF-8"
        assert not {"CHAUPAL_LISTEN", "PYTHONDONTWRITEBYTECODE"} & environment.keys()
