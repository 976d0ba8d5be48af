from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

from chaupal.auth.sealing import SealBroken, SecretKey, SecretKeyRefused, load_secret_key

KEY = SecretKey(bytes(range(32)))
OTHER = SecretKey(bytes(range(1, 33)))


class TestHash:
    def test_equal_values_have_equal_hashes(self) -> None:
        assert KEY.hash("pin", "123456") == KEY.hash("pin", "123456")
        assert len(KEY.hash("pin", "")) == 32

    def test_another_value_purpose_or_key_has_another(self) -> None:
        hashes = {
            KEY.hash("pin", "123456"),
            KEY.hash("pin", "123457"),
            KEY.hash("refresh token", "123456"),
            KEY.hash("pin1", "23456"),
            OTHER.hash("pin", "123456"),
        }
        assert len(hashes) == 5

    def test_a_match_is_found_and_nothing_else(self) -> None:
        hashed = KEY.hash("pin", "123456")
        assert KEY.matches("pin", "123456", hashed)
        for purpose, value, stored in (
            ("pin", "123457", hashed),
            ("pin", "", hashed),
            ("other", "123456", hashed),
            ("pin", "123456", hashed[:-1]),
            ("pin", "123456", b""),
        ):
            assert not KEY.matches(purpose, value, stored)
        assert not OTHER.matches("pin", "123456", hashed)

    def test_any_text_can_be_hashed(self) -> None:
        for value in ("नमस्ते", "\x00", "\ud800", "x" * 100_000):
            assert KEY.matches("pin", value, KEY.hash("pin", value))


class TestSeal:
    @pytest.mark.parametrize("value", [b"", b"123456", bytes(range(256)), b"x" * 100_000])
    def test_what_was_sealed_is_read_again(self, value: bytes) -> None:
        assert KEY.unseal("pin", KEY.seal("pin", value)) == value

    def test_nothing_of_it_shows_and_no_two_seals_are_equal(self) -> None:
        seals = {KEY.seal("pin", b"123456") for _ in range(50)}
        assert len(seals) == 50
        assert not any(b"123456" in sealed for sealed in seals)

    def test_another_key_or_purpose_does_not_open_it(self) -> None:
        sealed = KEY.seal("pin", b"123456")
        for key, purpose in ((OTHER, "pin"), (KEY, "job")):
            with pytest.raises(SealBroken):
                key.unseal(purpose, sealed)

    def test_any_changed_byte_breaks_it(self) -> None:
        sealed = KEY.seal("pin", b"123456")
        for index in range(len(sealed)):
            changed = bytearray(sealed)
            changed[index] ^= 1
            with pytest.raises(SealBroken):
                KEY.unseal("pin", bytes(changed))

    def test_any_cut_breaks_it(self) -> None:
        sealed = KEY.seal("pin", b"123456")
        for length in range(len(sealed)):
            with pytest.raises(SealBroken):
                KEY.unseal("pin", sealed[:length])

    def test_the_refusal_does_not_hold_the_value(self) -> None:
        with pytest.raises(SealBroken) as refused:
            KEY.unseal("pin", KEY.seal("job", b"123456"))
        assert "123456" not in str(refused.value)


class TestLoadSecretKey:
    def test_a_first_one_is_made_for_its_owner_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "secret.key"
        key = load_secret_key(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert list(path.parent.iterdir()) == [path]
        assert load_secret_key(path).matches("pin", "123456", key.hash("pin", "123456"))

    def test_two_made_are_different(self, tmp_path: Path) -> None:
        first, second = (load_secret_key(tmp_path / name) for name in ("a", "b"))
        assert first.hash("pin", "1") != second.hash("pin", "1")

    def test_servers_that_make_one_at_once_have_the_same(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As those of a new compose file do: the second comes while the first has written its own, but not named it."""
        path, link, others = tmp_path / "secret.key", os.link, []

        def link_late(source: Path, target: Path) -> None:
            monkeypatch.setattr(os, "link", link)
            others.append(load_secret_key(path))
            link(source, target)

        monkeypatch.setattr(os, "link", link_late)
        first = load_secret_key(path)
        assert {key.hash("pin", "1") for key in (first, *others, load_secret_key(path))} == {first.hash("pin", "1")}
        assert list(tmp_path.iterdir()) == [path]

    def test_white_space_around_it_is_no_part_of_it(self, tmp_path: Path) -> None:
        path = tmp_path / "secret.key"
        path.write_bytes(b"\n " + base64.b64encode(bytes(range(32))) + b"\r\n")
        assert load_secret_key(path).hash("pin", "1") == KEY.hash("pin", "1")

    @pytest.mark.parametrize(
        "content", [b"", b"short", base64.b64encode(b"x" * 31), base64.b64encode(b"x" * 33), b"!" * 44, b"\xff" * 44]
    )
    def test_what_is_no_key_is_refused_by_name(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "secret.key"
        path.write_bytes(content)
        with pytest.raises(SecretKeyRefused, match=r"CHAUPAL_SECRET_KEY_FILE=.*32 bytes"):
            load_secret_key(path)
        assert path.read_bytes() == content

    def test_a_folder_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(SecretKeyRefused, match="CHAUPAL_SECRET_KEY_FILE"):
            load_secret_key(tmp_path)
