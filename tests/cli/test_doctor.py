"""`chaupal doctor` in good and bad surroundings."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chaupal.cli.checks.shown_settings import mask_secret
from chaupal.settings import describe_settings
from tests.installations import Installation


def states(examination: Any) -> dict[str, str]:
    """Check -> its worst state."""
    found: dict[str, str] = {}
    for check in sorted(examination["checks"], key=lambda check: ["ok", "warning", "fault"].index(check["state"])):
        found[check["name"]] = check["state"]
    return found


def examine(installation: Installation) -> tuple[int, Any]:
    done = installation.command("doctor", "--json")
    assert "Traceback" not in done.err
    examination = done.json
    for check in examination["checks"]:
        assert check["message"]
        assert bool(check["advice"]) == (check["state"] != "ok")
    return done.code, examination


class TestDoctor:
    def test_before_the_first_start(self, sqlite_installation: Installation) -> None:
        code, examination = examine(sqlite_installation)
        assert (code, examination["faultCount"]) == (0, 0), examination["checks"]
        assert not sqlite_installation.data.exists()

    def test_beside_a_running_server(self, installation: Installation) -> None:
        installation.start()
        installation.init()
        code, examination = examine(installation)
        assert (code, set(states(examination).values())) == (0, {"ok"}), examination["checks"]
        assert "a Chaupal server" in next(
            check["message"] for check in examination["checks"] if check["name"] == "listen address"
        )

    def test_every_setting_with_its_source(self, sqlite_installation: Installation) -> None:
        config = sqlite_installation.cwd / "chaupal.toml"
        config.write_text('pin_life_s = 120\ntrusted_proxies = ["10.0.0.0/8"]\n')
        sqlite_installation.settings["CHAUPAL_CONFIG"] = str(config)
        _, examination = examine(sqlite_installation)
        shown = {setting["variable"]: setting for setting in examination["settings"]}
        assert list(shown) == [setting.variable for setting in describe_settings()]
        assert (shown["CHAUPAL_PIN_LIFE_S"]["value"], shown["CHAUPAL_PIN_LIFE_S"]["source"]) == (120, str(config))
        assert shown["CHAUPAL_TRUSTED_PROXIES"]["value"] == ["10.0.0.0/8"]
        assert shown["CHAUPAL_LISTEN"]["source"] == "environment"
        assert shown["CHAUPAL_SMS"] == {**shown["CHAUPAL_SMS"], "value": "console", "source": "default"}
        human = sqlite_installation.command("doctor").out
        assert all(variable in human for variable in shown)

    def test_secrets_are_masked(self, sqlite_installation: Installation) -> None:
        sqlite_installation.settings |= {
            "CHAUPAL_SMS": "http",
            "CHAUPAL_SMS_HTTP_URL": "https://sms.example/send/hush-hush?key=hush-hush",
            "CHAUPAL_SMS_HTTP_HEADERS": "Authorization: hush-hush",
            "CHAUPAL_DATABASE": "postgresql://me:hush-hush@127.0.0.1:1/name?sslpassword=hush-hush",
        }
        for arguments in (("doctor",), ("doctor", "--json")):
            done = sqlite_installation.command(*arguments)
            assert "hush" not in done.out + done.err
            assert "postgresql://me:***@127.0.0.1:1/name?***" in done.out
            assert "https://sms.example/***" in done.out

    def test_settings_that_are_refused_are_all_named(self, sqlite_installation: Installation) -> None:
        sqlite_installation.settings |= {
            "CHAUPAL_LISTEN": "nonsense",
            "CHAUPAL_STRICT_JSON": "perhaps",
            "CHAUPAL_NO_SUCH": "1",
            "CHAUPAL_SMS": "twilio",
            "CHAUPAL_TRUSTED_PROXIES": "my-proxy",
        }
        code, examination = examine(sqlite_installation)
        assert code == 1
        said = [check["message"] for check in examination["checks"] if check["state"] == "fault"]
        for part in ("CHAUPAL_LISTEN=nonsense", "STRICT_JSON=perhaps", "CHAUPAL_NO_SUCH", "TWILIO", "TRUSTED_PROXIES"):
            assert any(part in sentence for sentence in said), part
        shown = {setting["variable"]: setting for setting in examination["settings"]}
        assert shown["CHAUPAL_LISTEN"]["isRefused"]
        assert shown["CHAUPAL_LISTEN"]["value"] == "nonsense"
        assert states(examination)["data folder"] == "ok", "the other checks are made all the same"

    @pytest.mark.parametrize("text", ["no_such = 1", "pin_life_s = 'soon'", "public_url = 'x'", "half = ["])
    def test_a_file_that_is_refused(self, sqlite_installation: Installation, text: str) -> None:
        config = sqlite_installation.cwd / "chaupal.toml"
        config.write_text(text)
        sqlite_installation.settings["CHAUPAL_CONFIG"] = str(config)
        code, examination = examine(sqlite_installation)
        assert (code, states(examination)["settings"]) == (1, "fault")

    def test_a_database_that_cannot_be_reached(self, sqlite_installation: Installation) -> None:
        sqlite_installation.database = "postgresql://me@127.0.0.1:1/name"
        code, examination = examine(sqlite_installation)
        assert (code, states(examination)["database"]) == (1, "fault")

    def test_a_database_file_that_is_none(self, sqlite_installation: Installation) -> None:
        sqlite_installation.init()
        sqlite_installation.data.joinpath("chaupal.sqlite3").write_bytes(b"no database at all" * 1000)
        code, examination = examine(sqlite_installation)
        assert (code, states(examination)["database"]) == (1, "fault")
        assert "database" in sqlite_installation.refusal("tenant", "list")

    def test_a_folder_and_a_key_that_others_may_read(self, sqlite_installation: Installation) -> None:
        sqlite_installation.init()
        sqlite_installation.data.chmod(0o755)
        key = sqlite_installation.data / "secret.key"
        key.chmod(0o644)
        code, examination = examine(sqlite_installation)
        found = states(examination)
        assert (code, found["data folder privacy"], found["secret key"]) == (0, "warning", "warning")
        key.unlink()
        assert states(examine(sqlite_installation)[1])["secret key"] == "fault"
        key.write_text("not a key")
        assert states(examine(sqlite_installation)[1])["secret key"] == "fault"

    def test_another_program_on_the_port(self, sqlite_installation: Installation) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", sqlite_installation.port))
            other.listen()
            code, examination = examine(sqlite_installation)
        assert (code, states(examination)["listen address"]) == (1, "fault")

    @pytest.mark.parametrize(
        ("settings", "check", "state"),
        [
            ({"CHAUPAL_LISTEN": "192.0.2.1:8080"}, "listen address", "fault"),
            ({"CHAUPAL_LISTEN": "0.0.0.0:0"}, "public URL", "warning"),
            ({"CHAUPAL_PUBLIC_URL": "http://chat.example"}, "public URL", "warning"),
            ({"CHAUPAL_PUBLIC_URL": "https://chat.example"}, "public URL", "ok"),
            ({"CHAUPAL_PUBLIC_URL": "https://chat.example?x=1"}, "public URL", "fault"),
            ({"CHAUPAL_PUBLIC_URL": "https://chat.example:x"}, "public URL", "fault"),
            ({"CHAUPAL_PUBLIC_URL": "https://chat.example"}, "trusted proxies", "warning"),
            ({"CHAUPAL_TRUSTED_PROXIES": "0.0.0.0/0"}, "trusted proxies", "warning"),
            ({"CHAUPAL_TRUSTED_PROXIES": "127.0.0.1"}, "trusted proxies", "ok"),
            ({"CHAUPAL_SMS": "http", "CHAUPAL_SMS_HTTP_URL": "sms"}, "SMS", "fault"),
            ({"CHAUPAL_SMS": "http", "CHAUPAL_SMS_HTTP_URL": "http://sms.example"}, "SMS", "warning"),
            ({"CHAUPAL_TLS_CERT": "/none", "CHAUPAL_TLS_KEY": "/none"}, "TLS", "fault"),
        ],
    )
    def test_one_setting(
        self, sqlite_installation: Installation, settings: dict[str, str], check: str, state: str
    ) -> None:
        sqlite_installation.settings |= settings
        code, examination = examine(sqlite_installation)
        assert states(examination)[check] == state, examination["checks"]
        assert code == (1 if state == "fault" else 0)


class TestTls:
    def examine(self, installation: Installation, cert: Path, key: Path) -> str:
        installation.settings |= {"CHAUPAL_TLS_CERT": str(cert), "CHAUPAL_TLS_KEY": str(key)}
        return states(examine(installation)[1])["TLS"]

    @pytest.mark.parametrize(("days", "state"), [(90, "ok"), (10, "warning"), (-1, "fault")])
    def test_the_time_left(self, sqlite_installation: Installation, tmp_path: Path, days: int, state: str) -> None:
        cert, key = make_certificate(tmp_path, "one", days=days)
        assert self.examine(sqlite_installation, cert, key) == state

    def test_a_key_of_another_certificate(self, sqlite_installation: Installation, tmp_path: Path) -> None:
        cert, _ = make_certificate(tmp_path, "one", days=90)
        _, key = make_certificate(tmp_path, "two", days=90)
        assert self.examine(sqlite_installation, cert, key) == "fault"

    def test_a_key_with_a_password(self, sqlite_installation: Installation, tmp_path: Path) -> None:
        cert, key = make_certificate(tmp_path, "one", days=90, password=b"x")
        assert self.examine(sqlite_installation, cert, key) == "fault"

    def test_files_that_are_no_pem(self, sqlite_installation: Installation, tmp_path: Path) -> None:
        _, key = make_certificate(tmp_path, "one", days=90)
        (tmp_path / "text").write_text("hello")
        assert self.examine(sqlite_installation, tmp_path / "text", key) == "fault"


class TestMaskSecret:
    @pytest.mark.parametrize(
        ("value", "keeps_place", "shown"),
        [
            ("", False, ""),
            ("s3cret", False, "***"),
            ("https://u:p@h.example/s3cret", False, "https://h.example/***"),
            ("postgresql://u:p@h/n", True, "postgresql://u:***@h/n"),
            ("postgresql://u:p@ss@h/n", True, "postgresql://u:***@h/n"),
            ("postgresql://u:p/ss@h/n", True, "***"),
            ("postgresql://u@/n", True, "***"),
            ("postgresql://u:p@h:port/n", True, "***"),
        ],
    )
    def test_masked(self, value: str, keeps_place: bool, shown: str) -> None:
        assert mask_secret(value, keeps_place=keeps_place) == shown


def make_certificate(folder: Path, name: str, *, days: int, password: bytes | None = None) -> tuple[Path, Path]:
    """(certificate file, key file), self-signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password:
        encryption = serialization.BestAvailableEncryption(password)
    cert_path, key_path = folder / f"{name}.crt", folder / f"{name}.key"
    cert_path.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    key_path.chmod(0o600)
    return cert_path, key_path
