"""`chaupal doctor` where media lie in a bucket of a real S3 store: it puts an object, reads it and removes it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.test_doctor import examine
from tests.installations import Installation, free_port
from tests.parts.s3 import S3Server, make_bucket


@pytest.fixture
def bucket(s3_server: S3Server, sqlite_installation: Installation) -> str:
    """The name of a bucket of the test's own, which the installation is set to use."""
    name = make_bucket(s3_server)
    sqlite_installation.settings |= {
        "CHAUPAL_MEDIA_STORE": f"s3://{name}/some/prefix",
        "CHAUPAL_MEDIA_S3_ENDPOINT": s3_server.endpoint,
        "CHAUPAL_MEDIA_S3_REGION": s3_server.region,
        "CHAUPAL_MEDIA_S3_KEY_ID": s3_server.access_key,
        "CHAUPAL_MEDIA_S3_SECRET": s3_server.secret_key,
    }
    return name


def look(installation: Installation) -> tuple[int, dict[str, Any]]:
    """(exit code, the check of the media store)."""
    code, examination = examine(installation)
    [check] = [check for check in examination["checks"] if check["name"] == "media store"]
    return code, check


def objects_in(bucket: str, server: S3Server) -> list[str]:
    """The names of everything in a bucket."""
    from obstore.store import S3Store

    store = S3Store(
        bucket,
        config={
            "endpoint": server.endpoint,
            "region": server.region,
            "access_key_id": server.access_key,
            "secret_access_key": server.secret_key,
        },
        client_options={"allow_http": True},
    )
    return [str(each["path"]) for page in store.list() for each in page]


class TestMediaStore:
    def test_a_bucket_that_works_is_left_as_it_was(
        self, sqlite_installation: Installation, bucket: str, s3_server: S3Server
    ) -> None:
        code, check = look(sqlite_installation)
        assert (code, check["state"]) == (0, "ok"), check
        assert "was put, read and removed again" in check["message"]
        assert objects_in(bucket, s3_server) == []
        assert not sqlite_installation.data.exists()

    @pytest.mark.usefixtures("bucket")
    def test_a_service_that_is_not_there_is_a_fault_that_names_the_step(
        self, sqlite_installation: Installation
    ) -> None:
        sqlite_installation.settings["CHAUPAL_MEDIA_S3_ENDPOINT"] = f"http://127.0.0.1:{free_port()}"
        code, check = look(sqlite_installation)
        assert (code, check["state"]) == (1, "fault")
        assert "/some/prefix: an object cannot be put: " in check["message"]

    @pytest.mark.usefixtures("bucket")
    def test_a_wrong_secret_is_a_fault_and_is_not_shown(self, sqlite_installation: Installation) -> None:
        sqlite_installation.settings["CHAUPAL_MEDIA_S3_SECRET"] = "no-such-secret"
        code, check = look(sqlite_installation)
        assert (code, check["state"]) == (1, "fault")
        assert "CHAUPAL_MEDIA_S3_" in check["advice"]
        assert "no-such-secret" not in check["message"]

    def test_without_a_bucket_nothing_is_put_anywhere(self, sqlite_installation: Installation) -> None:
        code, check = look(sqlite_installation)
        assert (code, check["state"]) == (0, "ok")
        assert not sqlite_installation.data.exists()
