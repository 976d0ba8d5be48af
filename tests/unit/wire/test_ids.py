import pytest

from chaupal.wire.ids import ZERO_GUID, read_id

GUID = "df91cb37-97bf-4ccd-a8c2-b2a3ba5eac62"


class TestReadId:
    @pytest.mark.parametrize("raw", [GUID, GUID.upper(), f"{GUID}@1", f"{GUID.upper()}@23", GUID.title()])
    def test_guid_in_any_case_with_and_without_scale_unit(self, raw: str) -> None:
        assert read_id(raw) == GUID

    @pytest.mark.parametrize(
        "raw",
        [
            "",
            "Abc",
            "Abc@1",
            f"{GUID}@",
            f"{GUID}@x",
            f"{GUID}@1\n",
            f"{GUID}\n",
            f" {GUID}",
            GUID[:-1],
            f"{GUID}@1@1",
            f"{GUID}@१",
        ],
    )
    def test_any_other_id_exactly(self, raw: str) -> None:
        assert read_id(raw) == raw

    def test_zero_guid_is_one(self) -> None:
        assert read_id(ZERO_GUID) == ZERO_GUID
        assert len(ZERO_GUID) == 36
