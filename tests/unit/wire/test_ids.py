import pytest

from chaupal.wire.ids import ZERO_GUID, read_id, without_unit

GUID = "df91cb37-97bf-4ccd-a8c2-b2a3ba5eac62"
MADE_HERE = "01a20bfa-3592-7172-b065-c79602501c2d"


class TestReadId:
    @pytest.mark.parametrize("guid", [GUID, MADE_HERE])
    @pytest.mark.parametrize("change", [str, str.upper, str.title])
    def test_guid_in_any_case(self, guid: str, change: type[str]) -> None:
        assert read_id(change(guid)) == guid

    @pytest.mark.parametrize("unit", ["@1", "@23", "@999999999"])
    def test_scale_unit_is_part_of_an_id_of_old_and_not_of_one_that_was_made_here(self, unit: str) -> None:
        assert read_id(f"{GUID.upper()}{unit}") == f"{GUID}{unit}"
        assert read_id(f"{MADE_HERE.upper()}{unit}") == MADE_HERE

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
        assert without_unit(raw) == raw

    def test_zero_guid_is_one(self) -> None:
        assert read_id(ZERO_GUID) == ZERO_GUID
        assert len(ZERO_GUID) == 36


class TestWithoutUnit:
    @pytest.mark.parametrize("read", [GUID, f"{GUID}@1", f"{GUID}@23"])
    def test_a_guid_is_bare(self, read: str) -> None:
        assert without_unit(read) == GUID
