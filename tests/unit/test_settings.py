from __future__ import annotations

from typing import ClassVar

import pytest

from chaupal.settings import Settings, load_settings
from chaupal.settings_rules import SettingRefused


class TestLimitsPreset:
    def limits_of(self, **environment: str) -> tuple[int, int]:
        settings = load_settings({f"CHAUPAL_{name.upper()}": value for name, value in environment.items()})
        return settings.connector_calls_per_min, settings.tenant_calls_per_min

    def test_without_it_the_defaults_hold(self) -> None:
        assert self.limits_of() == (Settings().connector_calls_per_min, Settings().tenant_calls_per_min)
        assert self.limits_of(limits="") == self.limits_of()

    def test_kaizalas_are_a_hundred_and_three_hundred(self) -> None:
        assert self.limits_of(limits="kaizala") == (100, 300)

    def test_what_is_set_itself_wins(self) -> None:
        assert self.limits_of(limits="kaizala", connector_calls_per_min="0") == (0, 300)
        assert self.limits_of(limits="kaizala", tenant_calls_per_min="7") == (100, 7)

    def test_the_source_is_told(self) -> None:
        sources = load_settings({"CHAUPAL_LIMITS": "kaizala", "CHAUPAL_TENANT_CALLS_PER_MIN": "7"}).sources
        assert sources["connector_calls_per_min"] == "CHAUPAL_LIMITS"
        assert sources["tenant_calls_per_min"] == "environment"

    def test_another_name_is_refused(self) -> None:
        with pytest.raises(SettingRefused, match="CHAUPAL_LIMITS=teams: must be one of kaizala"):
            load_settings({"CHAUPAL_LIMITS": "teams"})


class TestNats:
    DATABASE = "postgresql://localhost/chaupal"

    def test_several_servers_are_named_by_one_setting(self) -> None:
        named = "nats://10.0.0.5:4222, tls://user:password@nats.example.org"
        settings = load_settings({"CHAUPAL_DATABASE": self.DATABASE, "CHAUPAL_NATS": named})
        assert settings.nats_urls == ("nats://10.0.0.5:4222", "tls://user:password@nats.example.org")

    def test_it_is_of_no_use_on_sqlite(self) -> None:
        with pytest.raises(SettingRefused, match="CHAUPAL_NATS: needs PostgreSQL"):
            load_settings({"CHAUPAL_NATS": "nats://localhost"})

    @pytest.mark.parametrize("url", ["http://user:password@localhost", "localhost:4222", "nats://", "nats://a b"])
    def test_what_is_no_url_of_nats_is_refused_without_being_shown(self, url: str) -> None:
        with pytest.raises(SettingRefused) as refused:
            load_settings({"CHAUPAL_DATABASE": self.DATABASE, "CHAUPAL_NATS": url})
        assert str(refused.value) == "CHAUPAL_NATS: must be nats:// or tls:// URLs, comma-separated"

    @pytest.mark.parametrize("word", ["", "a.", "a*", ">", "a b"])
    def test_a_subject_that_nats_would_read_otherwise_is_refused(self, word: str) -> None:
        with pytest.raises(SettingRefused, match="CHAUPAL_NATS_SUBJECT"):
            load_settings({"CHAUPAL_NATS_SUBJECT": word})


class TestAlerts:
    WORKING: ClassVar = {
        "CHAUPAL_ALERT_EMAIL": "operator@example.org",
        "CHAUPAL_ALERT_SMTP_URL": "smtps://robot:p%40ss@mail.example.org:2465",
        "CHAUPAL_ALERT_SMTP_FROM": "chaupal@example.org",
    }

    def test_what_is_needed_together_is_taken(self) -> None:
        assert load_settings(self.WORKING).alert_email == "operator@example.org"

    @pytest.mark.parametrize(
        ("name", "value", "named"),
        [
            ("CHAUPAL_ALERT_EMAIL", "Ops <ops@example.org>", "CHAUPAL_ALERT_EMAIL=Ops"),
            ("CHAUPAL_ALERT_SMTP_URL", "http://robot:hunter2@mail", "CHAUPAL_ALERT_SMTP_URL: must be smtp://"),
            ("CHAUPAL_ALERT_SMTP_URL", "", "CHAUPAL_ALERT_SMTP_URL: is needed"),
            ("CHAUPAL_ALERT_SMTP_FROM", "", "CHAUPAL_ALERT_SMTP_FROM"),
        ],
    )
    def test_another_value_is_refused_without_a_password(self, name: str, value: str, named: str) -> None:
        with pytest.raises(SettingRefused, match=named) as refused:
            load_settings(self.WORKING | {name: value})
        assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        "CHAUPAL_REQUEST_HEAD_TIMEOUT_S",
        "CHAUPAL_REQUEST_BODY_TIMEOUT_S",
        "CHAUPAL_ANSWER_TIMEOUT_S",
        "CHAUPAL_CONNECTIONS_MAX",
    ],
)
def test_a_limit_by_which_nobody_would_be_answered_is_refused(name: str) -> None:
    with pytest.raises(SettingRefused, match=f"{name}: must be 1 or more"):
        load_settings({name: "0"})


@pytest.mark.parametrize(
    "name",
    [
        "CHAUPAL_EVENT_LOG_KEEP_DAYS",
        "CHAUPAL_IDEMPOTENCY_KEEP_DAYS",
        "CHAUPAL_ACCESS_TOKEN_LIFE_S",
        "CHAUPAL_REFRESH_TOKEN_LIFE_DAYS",
        "CHAUPAL_PIN_LIFE_S",
    ],
)
def test_a_time_that_no_client_could_rely_on_is_refused(name: str) -> None:
    """0 means no limit elsewhere; here it would be none at all: each stream that comes back would get 410."""
    with pytest.raises(SettingRefused, match=f"{name}: must be 1 or more"):
        load_settings({name: "0"})
