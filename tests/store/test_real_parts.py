"""The real parts really answer: a test that passes against them says something."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from tests.parts.nats import NatsServer
from tests.parts.postgres import PostgresOfItsOwn, PostgresServer
from tests.parts.s3 import S3Server, make_bucket, signed


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def make_things(url: str, *, first_id: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table thing (id int)")
        connection.execute("insert into thing values (%s)", (first_id,))


class TestPostgresServer:
    def test_is_a_version_that_the_product_supports(self, postgres_server: PostgresServer) -> None:
        assert str(ask(postgres_server.url, "select version()")).startswith("PostgreSQL 1")
        assert int(str(ask(postgres_server.url, "show server_version_num"))) >= 150_000

    def test_writes_to_disk_before_it_answers(self, postgres_server: PostgresServer) -> None:
        assert ask(postgres_server.url, "show fsync") == "on"
        assert ask(postgres_server.url, "show synchronous_commit") == "on"

    def test_a_template_is_prepared_once_and_copied(
        self, postgres_server: PostgresServer, new_postgres_database: Callable[..., str]
    ) -> None:
        prepared = []

        def prepare(url: str) -> None:
            prepared.append(url)
            make_things(url, first_id=7)

        urls = [new_postgres_database(template=postgres_server.template("things", prepare)) for _ in range(2)]

        assert [ask(url, "select id from thing") for url in urls] == [7, 7]
        assert len(prepared) == 1

    def test_refuses_what_is_no_url(self) -> None:
        with pytest.raises(ValueError, match="CHAUPAL_TEST_POSTGRES"):
            PostgresServer("host=somewhere dbname=thing")


class TestFreshPostgresUrl:
    @pytest.mark.parametrize("turn", [1, 2])
    def test_every_test_gets_an_empty_database(self, fresh_postgres_url: str, turn: int) -> None:
        assert ask(fresh_postgres_url, "select count(*) from pg_tables where schemaname = 'public'") == 0
        make_things(fresh_postgres_url, first_id=turn)
        assert ask(fresh_postgres_url, "select id from thing") == turn

    def test_is_dropped_though_somebody_is_connected(self, postgres_server: PostgresServer) -> None:
        url = postgres_server.create_database()
        connection = psycopg.connect(url)
        postgres_server.drop_database(url)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
        connection.close()


class TestPostgresOfItsOwn:
    def test_keeps_what_was_committed_when_it_is_killed(self, postgres_of_its_own: PostgresOfItsOwn) -> None:
        make_things(postgres_of_its_own.url, first_id=7)
        postgres_of_its_own.kill()
        with pytest.raises(psycopg.OperationalError):
            ask(postgres_of_its_own.url, "select 1")
        postgres_of_its_own.start()
        assert ask(postgres_of_its_own.url, "select id from thing") == 7

    def test_stops_and_starts_at_the_same_url(self, postgres_of_its_own: PostgresOfItsOwn) -> None:
        connection = psycopg.connect(postgres_of_its_own.url)
        postgres_of_its_own.stop()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
        connection.close()
        postgres_of_its_own.start()
        assert ask(postgres_of_its_own.url, "show fsync") == "on"


class TestNatsServer:
    def test_delivers_what_is_published(self, nats_server: NatsServer) -> None:
        address = urlsplit(nats_server.url)
        assert address.hostname is not None
        subject = f"chaupal.test.{uuid.uuid4().hex}"
        with socket.create_connection((address.hostname, address.port or 4222), timeout=10) as connection:
            lines = connection.makefile("rwb")
            assert lines.readline().startswith(b"INFO ")
            lines.write(b'CONNECT {"verbose":false}\r\n')
            lines.write(f"SUB {subject} 1\r\nPUB {subject} 5\r\nhello\r\nPING\r\n".encode())
            lines.flush()
            answers = [lines.readline().strip() for _ in range(3)]
            lines.close()
        assert answers == [f"MSG {subject} 1 5".encode(), b"hello", b"PONG"]


class TestS3Server:
    def test_returns_the_object_that_was_put(self, s3_server: S3Server) -> None:
        bucket = make_bucket(s3_server)
        body, path = b"an object", f"/{bucket}/thing"
        with httpx.Client(base_url=s3_server.endpoint, timeout=30) as client:
            made = client.put(path, content=body, headers=signed(s3_server, "PUT", path, body))
            assert made.status_code == 200, made.text
            got = client.get(f"/{bucket}/thing", headers=signed(s3_server, "GET", f"/{bucket}/thing"))
        assert (got.status_code, got.content) == (200, body)

    def test_refuses_an_unsigned_request(self, s3_server: S3Server) -> None:
        assert httpx.put(f"{s3_server.endpoint}/chaupal-unsigned", timeout=30).status_code == 403
