from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from chaupal.auth import signing
from chaupal.auth.permissions import Permission, TokenKind, granted_scope
from chaupal.auth.signing import (
    AccessToken,
    TokenSigner,
    make_signing_key,
    private_bytes,
    public_bytes,
    read_signing_key,
)
from chaupal.errors import InvalidToken

NOW_S = 1_700_000_000
GRACE_S = 15 * 60
KEY = make_signing_key("key-1")
TOKEN = AccessToken(
    tenant_id="tenant",
    grant_id="grant",
    user_id="user",
    connector_id="connector",
    kind=TokenKind.GROUP,
    group_id="group",
    expires_at_s=NOW_S + 86_400,
)


def signer_with(*keys: signing.SigningKey) -> TokenSigner:
    return TokenSigner(list(keys), issuer="https://chat.example.org/")


def sign(signer: TokenSigner, token: AccessToken = TOKEN) -> str:
    return signer.sign(
        token, issued_at_s=NOW_S, mobile_number="+919800000001", application_id="app", scope="groupinfo.read"
    )


@pytest.fixture
def signer() -> TokenSigner:
    return signer_with(KEY)


def encoded(part: Any) -> str:
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def claims_of(text: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(text, options={"verify_signature": False})
    return claims


def refused(signer: TokenSigner, text: str, *, now_s: int = NOW_S) -> str:
    with pytest.raises(InvalidToken) as error:
        signer.check(text, now_s=now_s)
    assert str(error.value) == "Invalid token. Failure reason:Token validation failed due to unknown reason!"
    return error.value.details


class TestCheck:
    def test_it_says_what_was_signed(self, signer: TokenSigner) -> None:
        text = sign(signer)
        assert signer.check(text, now_s=NOW_S) == TOKEN
        assert signer.check(text, now_s=NOW_S) == TOKEN

    def test_it_ends_fifteen_minutes_after_what_was_told(self, signer: TokenSigner) -> None:
        text = sign(signer)
        last_s = TOKEN.expires_at_s + GRACE_S - 1
        assert signer.check(text, now_s=last_s) == TOKEN
        assert "expired" in refused(signer, text, now_s=last_s + 1)
        assert claims_of(text)["exp"] == last_s + 1

    def test_a_remembered_token_ends_too_and_is_forgotten(self, signer: TokenSigner) -> None:
        text = sign(signer)
        signer.check(text, now_s=NOW_S)
        assert "expired" in refused(signer, text, now_s=NOW_S + 10**6)
        assert not signer._remembered

    def test_every_known_key_is_accepted_and_the_newest_signs(self) -> None:
        newer = make_signing_key("key-2")
        old_text, both = sign(signer_with(KEY)), signer_with(KEY, newer)
        assert both.check(old_text, now_s=NOW_S) == TOKEN
        assert jwt.get_unverified_header(sign(both)) == {"alg": "EdDSA", "kid": "key-2", "typ": "JWT"}
        refused(signer_with(KEY), sign(both))

    def test_a_signer_of_another_name_accepts_it(self, signer: TokenSigner) -> None:
        renamed = TokenSigner([KEY], issuer="https://new.example.org/")
        assert renamed.check(sign(signer), now_s=NOW_S) == TOKEN

    def test_what_is_remembered_is_bounded(self, signer: TokenSigner, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(signing, "_REMEMBERED_TOKENS", 3)
        texts = [
            signer.sign(TOKEN, issued_at_s=NOW_S + index, mobile_number="", application_id="", scope="")
            for index in range(10)
        ]
        for text in texts:
            signer.check(text, now_s=NOW_S)
        assert len(signer._remembered) == 3
        assert signer.check(texts[0], now_s=NOW_S) == TOKEN

    def test_wrong_tokens_are_not_remembered(self, signer: TokenSigner) -> None:
        for index in range(100):
            refused(signer, sign(signer)[:-8] + f"{index:08d}")
        assert not signer._remembered


class TestForged:
    def test_another_key_under_the_same_name(self, signer: TokenSigner) -> None:
        refused(signer, sign(signer_with(make_signing_key("key-1"))))

    def test_a_key_that_is_not_known(self, signer: TokenSigner) -> None:
        assert "key" in refused(signer, sign(signer_with(make_signing_key("key-9"))))

    def test_no_algorithm_at_all(self, signer: TokenSigner) -> None:
        claims = claims_of(sign(signer))
        for name in ("none", "None", "NONE", "nOnE", ""):
            head = encoded({"alg": name, "kid": "key-1", "typ": "JWT"})
            refused(signer, f"{head}.{encoded(claims)}.")
            refused(signer, f"{head}.{encoded(claims)}.{sign(signer).rsplit('.', 1)[1]}")

    @pytest.mark.parametrize("digest", ["256", "384", "512"])
    def test_the_public_key_taken_for_a_shared_secret(self, signer: TokenSigner, digest: str) -> None:
        claims = claims_of(sign(signer))
        unsigned = f"{encoded({'alg': f'HS{digest}', 'kid': 'key-1', 'typ': 'JWT'})}.{encoded(claims)}"
        pem = KEY.public_key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        for secret in (public_bytes(KEY.public_key), pem, b""):
            signature = hmac.digest(secret, unsigned.encode(), getattr(hashlib, f"sha{digest}"))
            refused(signer, f"{unsigned}.{encoded(signature)}")

    def test_another_algorithm(self, signer: TokenSigner) -> None:
        other = generate_private_key(SECP256R1())
        refused(signer, jwt.encode(claims_of(sign(signer)), other, "ES256", headers={"kid": "key-1"}))

    def test_a_key_brought_along(self, signer: TokenSigner) -> None:
        other = make_signing_key("key-1")
        assert other.private_key is not None
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": encoded(public_bytes(other.public_key))}
        headers = {"kid": "key-1", "jwk": jwk, "jku": "https://evil.example/keys", "x5u": "https://evil.example/cert"}
        refused(signer, jwt.encode(claims_of(sign(signer)), other.private_key, "EdDSA", headers=headers))

    @pytest.mark.parametrize(
        ("claim", "value"),
        [("sub", "admin"), ("tid", "other"), ("gid", "other"), ("knd", "user"), ("grp", ""), ("exp", 2**40), ("x", 1)],
    )
    def test_any_changed_claim(self, signer: TokenSigner, claim: str, value: Any) -> None:
        head, body, signature = sign(signer).split(".")
        changed = claims_of(f"{head}.{body}.{signature}") | {claim: value}
        refused(signer, f"{head}.{encoded(changed)}.{signature}")

    def test_any_changed_character(self, signer: TokenSigner) -> None:
        text = sign(signer)
        for index in range(0, len(text) - 1, 7):
            changed = "A" if text[index] != "A" else "B"
            refused(signer, text[:index] + changed + text[index + 1 :])

    def test_any_cut(self, signer: TokenSigner) -> None:
        text = sign(signer)
        for length in range(0, len(text) - 1, 11):
            refused(signer, text[:length])


def signed(claims: Any, **headers: Any) -> str:
    """Claims signed with the right key: what only a defect of our own could make."""
    assert KEY.private_key is not None
    head = {"alg": "EdDSA", "kid": "key-1", "typ": "JWT"} | headers
    unsigned = f"{encoded(head)}.{encoded(claims)}"
    return f"{unsigned}.{encoded(KEY.private_key.sign(unsigned.encode()))}"


class TestMalformed:
    @pytest.mark.parametrize("name", ["tid", "gid", "sub", "cid", "knd", "grp", "exp", "aud"])
    def test_a_claim_that_lacks(self, signer: TokenSigner, name: str) -> None:
        claims = claims_of(sign(signer))
        del claims[name]
        refused(signer, signed(claims))

    @pytest.mark.parametrize(
        ("name", "value"), [("aud", "other"), ("knd", "root"), ("exp", "soon"), ("exp", None), ("exp", [1]), ("aud", 5)]
    )
    def test_a_claim_of_another_kind(self, signer: TokenSigner, name: str, value: Any) -> None:
        refused(signer, signed(claims_of(sign(signer)) | {name: value}))

    @pytest.mark.parametrize("claims", [[], "text", None, 5, b"no JSON", b"", b"\xff", b"[" * 3_000])
    def test_claims_that_are_none(self, signer: TokenSigner, claims: Any) -> None:
        refused(signer, signed(claims))

    @pytest.mark.parametrize("headers", [{"kid": None}, {"kid": 1}, {"kid": ["key-1"]}, {"alg": 5}, {"crit": ["exp"]}])
    def test_a_head_that_is_none(self, signer: TokenSigner, headers: dict[str, Any]) -> None:
        refused(signer, signed(claims_of(sign(signer)), **headers))

    @pytest.mark.parametrize(
        "text",
        [
            "",
            ".",
            "..",
            "...",
            "a.b.c",
            "a.b.c.d",
            "é.é.é",
            "\x00.\x00.\x00",
            " . . ",
            "\ud800.\ud800.\ud800",
            "null.null.null",
            "e30.e30.",
            "W10.W10.W10",
            "IiI.IiI.IiI",
        ],
    )
    def test_what_is_no_token(self, signer: TokenSigner, text: str) -> None:
        refused(signer, text)

    @pytest.mark.parametrize(
        "make",
        [
            lambda: "x" * 10_000_000,
            lambda: "." * 10_000_000,
            lambda: "a." * 1_000 + "b",
            lambda: f"{encoded(b'[' * 3_000)}.{encoded(b'[' * 10)}.x",
        ],
    )
    def test_however_long(self, signer: TokenSigner, make: Callable[[], str]) -> None:
        refused(signer, make())

    def test_a_huge_token_of_the_right_form_is_refused_before_it_is_read(
        self, signer: TokenSigner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = signed(claims_of(sign(signer)) | {"more": "x" * 10_000})
        monkeypatch.setattr(jwt, "get_unverified_header", lambda _: pytest.fail("was read"))
        refused(signer, text)


class TestClaims:
    def test_old_clients_find_their_credentials_as_a_json_text(self, signer: TokenSigner) -> None:
        credentials = claims_of(sign(signer))["urn:microsoft:credentials"]
        assert type(credentials) is str
        assert json.loads(credentials) == {
            "phoneNumber": "+919800000001",
            "applicationId": "app",
            "permissions": "groupinfo.read",
        }

    def test_times_are_whole_seconds(self, signer: TokenSigner) -> None:
        claims = claims_of(sign(signer))
        assert {name: claims[name] for name in ("iss", "aud", "iat", "nbf", "exp")} == {
            "iss": "https://chat.example.org/",
            "aud": "chaupal",
            "iat": NOW_S,
            "nbf": NOW_S,
            "exp": NOW_S + 86_400 + GRACE_S,
        }

    def test_a_token_with_every_scope_and_the_longest_ids_is_short_enough(self, signer: TokenSigner) -> None:
        long_id = "x" * 200
        token = AccessToken(long_id, long_id, long_id, long_id, TokenKind.GROUP, long_id, NOW_S)
        text = signer.sign(
            token,
            issued_at_s=NOW_S,
            mobile_number="+919800000001",
            application_id="x" * 128,
            scope=granted_scope(Permission),
        )
        assert signer.check(text, now_s=NOW_S) == token


class TestKeys:
    def test_a_key_survives_being_stored(self) -> None:
        assert KEY.private_key is not None
        again = read_signing_key("key-1", private_bytes(KEY.private_key))
        assert public_bytes(again.public_key) == public_bytes(KEY.public_key)
        assert signer_with(again).check(sign(signer_with(KEY)), now_s=NOW_S) == TOKEN
