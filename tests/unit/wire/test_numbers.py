import subprocess
import sys

import pytest

from chaupal.errors import InvalidParameters
from chaupal.wire.numbers import read_mobile_number


class TestReadMobileNumber:
    @pytest.mark.parametrize(
        "raw",
        [
            "+919876543210",
            " +91 98765 43210 ",
            "+91-98765-43210",
            "+91\u00a098765\u201143210",
            "00919876543210",
            "00 91 98765-43210",
            "+91 (98765) 432.10",
        ],
    )
    def test_one_number_in_every_spelling(self, raw: str) -> None:
        assert read_mobile_number(raw, "mobileNumber") == "+919876543210"

    def test_possible_is_enough(self) -> None:
        # No such number is given out; official samples look like it.
        assert read_mobile_number("+12345678901", "mobileNumber") == "+12345678901"

    @pytest.mark.parametrize(
        "raw",
        [
            "",
            "+",
            "hello",
            "919876543210",
            "9876543210",
            919876543210,
            "+91",
            "+9112",
            "+91987654321012345",
            "+999123456",
            "++919876543210",
            "+91 98765 43210 ext 5",
            "+91९८७६५४३२१०",
            "+91987654321a",
            "0" * 100,
            True,
        ],
    )
    def test_anything_else_is_refused_by_name_and_number(self, raw: object) -> None:
        with pytest.raises(InvalidParameters) as refused:
            read_mobile_number(raw, "members[3]")
        assert refused.value.fields["field"] == "members[3]"
        assert "international form" in str(refused.value)
        if isinstance(raw, str):
            assert raw[:50].strip() in str(refused.value)

    @pytest.mark.parametrize("raw", [None, [], {}, "+91\0", "+91\ud800"])
    def test_what_is_no_text_is_refused(self, raw: object) -> None:
        with pytest.raises(InvalidParameters) as refused:
            read_mobile_number(raw, "mobileNumber")
        str(refused.value).encode()

    def test_the_library_is_loaded_by_who_reads_a_number(self) -> None:
        seen = "import sys, chaupal.wire.numbers; sys.exit('phonenumbers' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", seen], check=False).returncode == 0
