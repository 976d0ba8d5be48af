"""The proofs of calls between cells, and the passes of what they pass on: what is accepted, and what is not."""

from __future__ import annotations

import jwt
import pytest

from chaupal.auth.permissions import TokenKind
from chaupal.auth.signing import AccessToken, TokenSigner, make_signing_key
from chaupal.cells.proofs import CellUnknown, Proof, check_body, check_proof, write_proof
from chaupal.cells.roster import Peer, Roster

NOW_S = 1_767_607_200
NORTH, SOUTH = make_signing_key("north-1"), make_signing_key("south-1")
SIGNER = TokenSigner([NORTH], issuer="https://north.example.org/")


def roster_of(name: str = "root") -> Roster:
    """What another cell knows: north with its key, and south with its own."""
    peers = {
        "north": Peer("north", "https://north.example.org/", False, "joined", {"north-1": NORTH.public_key}),
        "south": Peer("south", "https://south.example.org/", False, "joined", {"south-1": SOUTH.public_key}),
    }
    return Roster(name, is_root=True, peers=peers)


def proof_of(body: bytes | None = b"{}", *, signer: TokenSigner = SIGNER, to: str = "root", own: str = "north") -> str:
    return write_proof(signer, own_name=own, to=to, method="POST", path="/cells/v1/health", body=body, now_s=NOW_S)


def checked(text: str, *, path: str = "/cells/v1/health", method: str = "POST", now_s: int = NOW_S) -> Proof:
    return check_proof(text, roster_of(), method=method, path=path, now_s=now_s)


class TestCheckProof:
    def test_a_call_is_its_cells(self) -> None:
        proof = checked(proof_of())
        assert proof.peer.name == "north"
        check_body(proof, b"{}")

    def test_each_has_an_id_of_its_own(self) -> None:
        assert checked(proof_of()).call_id != checked(proof_of()).call_id

    @pytest.mark.parametrize("now_s", [NOW_S - 60, NOW_S, NOW_S + 119])
    def test_clocks_may_differ_by_a_minute(self, now_s: int) -> None:
        assert checked(proof_of(), now_s=now_s).until_ms > now_s * 1000

    @pytest.mark.parametrize("now_s", [NOW_S - 61, NOW_S + 120])
    def test_but_not_by_more(self, now_s: int) -> None:
        with pytest.raises(CellUnknown, match="is over"):
            checked(proof_of(), now_s=now_s)

    def test_it_is_remembered_for_longer_than_it_is_accepted(self) -> None:
        assert checked(proof_of()).until_ms > (NOW_S + 120) * 1000

    @pytest.mark.parametrize(("method", "path"), [("GET", "/cells/v1/health"), ("POST", "/cells/v1/directory")])
    def test_of_another_call_it_is_none(self, method: str, path: str) -> None:
        with pytest.raises(CellUnknown, match="another call"):
            checked(proof_of(), method=method, path=path)

    @pytest.mark.parametrize("body", [b"", b"{ }"])
    def test_nor_of_another_body(self, body: bytes) -> None:
        with pytest.raises(CellUnknown, match="another body"):
            check_body(checked(proof_of()), body)

    def test_nor_of_one_that_was_not_signed(self) -> None:
        with pytest.raises(CellUnknown, match="another body"):
            check_body(checked(proof_of(None)), b"{}")

    def test_one_for_another_cell_is_refused(self) -> None:
        with pytest.raises(CellUnknown, match="for another cell"):
            checked(proof_of(to="south"))

    def test_one_cell_cannot_speak_for_another(self) -> None:
        south = TokenSigner([SOUTH], issuer="https://south.example.org/")
        with pytest.raises(CellUnknown, match="not known here"):
            checked(proof_of(signer=south, own="north"))

    def test_what_is_signed_without_a_key_is_refused(self) -> None:
        claims = {"iss": "north", "aud": "cell:root", "iat": NOW_S, "exp": NOW_S + 60, "jti": "1", "mth": "POST"}
        with pytest.raises(CellUnknown):
            checked(jwt.encode(claims, "", "none", headers={"kid": "north-1"}))

    def test_a_users_token_is_none_though_the_cell_has_signed_it(self) -> None:
        token = AccessToken("tenant", "grant", "user", "connector", TokenKind.USER, "", NOW_S + 60)
        text = SIGNER.sign(token, issued_at_s=NOW_S, mobile_number="", application_id="", scope="")
        with pytest.raises(CellUnknown):
            checked(text)

    def test_nor_is_a_proof_a_users_token(self) -> None:
        from chaupal.errors import InvalidToken

        with pytest.raises(InvalidToken):
            SIGNER.check(proof_of(), now_s=NOW_S)

    def test_an_installation_that_is_alone_knows_nobody(self) -> None:
        with pytest.raises(CellUnknown):
            check_proof(proof_of(to=""), Roster(), method="POST", path="/cells/v1/health", now_s=NOW_S)
