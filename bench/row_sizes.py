"""What a row takes of the disk, with its indexes, and what a call takes of the network: for bench/scale.py.

A real server is filled: people and messages in bulk, then messages by real calls while a webhook is delivered to. Then
it is stopped, and the database asked how many bytes each table has with its indexes.
"""

import http.client
from typing import Any

from bench.load import Target
from bench.product import Product
from bench.stage import Stage
from bench.webhooks import open_receiver, register

PEOPLE, MESSAGES = 50_000, 200_000
CONNECTIONS = 16

Sizes = dict[str, dict[str, float]]

_POSTGRES = """
SELECT relname, pg_total_relation_size(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
_SQLITE = """
SELECT s.tbl_name, sum(d.pgsize) FROM dbstat d JOIN sqlite_schema s ON s.name = d.name
WHERE d.aggregate = 1 GROUP BY s.tbl_name
"""


def measure_rows(stage: Stage) -> Sizes:
    """{table: {"rows", "bytes_per_row"}} of the tables that hold at least a thousand rows."""
    from bench.seed_groups import make_people, steps_of_messages, steps_of_people

    product = stage.running_product()
    group_id = product.create_group("Rows")
    people = make_people(stage.take_numbers(PEOPLE), PEOPLE)
    stage.seed([*steps_of_people([group_id], people), *steps_of_messages([group_id], MESSAGES)])
    product = stage.running_product()
    watched = product.create_group("Webhook")
    with open_receiver(stage) as receiver:
        register(product, [watched], receiver.port, 1)
        target = product.post_target(watched)
        result = stage.bench.generator.run(target, connections=CONNECTIONS, duration_s=stage.bench.plan.run_s)
        receiver.wait_for(result.requests)
    product.server.stop()
    return {name: each for name, each in _sizes_in(product.store_address).items() if each["rows"] >= 1_000}


def measure_wire(stage: Stage) -> dict[str, int]:
    """Bytes of request and answer, heads included, as a client without compression has them."""
    product = stage.running_product()
    group_id = product.create_group("Wire")
    post, page = product.post_target(group_id), product.history_target(group_id)
    posted = _bytes_of(post)
    for _ in range(49):
        product.send(post)
    return {"post": posted, "page_of_50": _bytes_of(page), "stream_event": _event_bytes(product, group_id, post)}


def _sizes_in(address: str) -> Sizes:
    if address.startswith("sqlite:"):
        import apsw

        connection = apsw.Connection(address.removeprefix("sqlite:"), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            sizes = dict(connection.execute(_SQLITE))
            counts = {name: _count(connection.execute(f'SELECT count(*) FROM "{name}"')) for name in sizes}  # noqa: S608
        finally:
            connection.close()
    else:
        import psycopg

        with psycopg.connect(address, autocommit=True) as database:
            database.execute("VACUUM")
            sizes = dict(database.execute(_POSTGRES).fetchall())
            counts = {name: _count(database.execute(f'SELECT count(*) FROM "{name}"')) for name in sizes}  # noqa: S608
    return {
        str(name): {"rows": counts[name], "bytes_per_row": round(size / counts[name], 1)}
        for name, size in sorted(sizes.items())
        if counts[name]
    }


def _count(cursor: Any) -> int:
    return int(cursor.fetchone()[0])


def _bytes_of(target: Target) -> int:
    head = f"{target.method} {target.path} HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in target.headers.items())
    if target.body:
        head += f"Content-Length: {len(target.body)}\r\n"
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=60)
    try:
        connection.request(target.method, target.path, target.body or None, dict(target.headers))
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    assert answer.status == 200, body
    answered = sum(len(name) + len(value) + 4 for name, value in answer.getheaders()) + len("HTTP/1.1 200 OK\r\n\r\n")
    return len(head) + 2 + len(target.body) + answered + len(body)


def _event_bytes(product: Product, group_id: str, post: Target) -> int:
    """One event as a stream gives it: from its first line to the empty one after it."""
    connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=60)
    try:
        connection.request("GET", f"/v1/events?groupId={group_id}", headers={"accessToken": product.access_token})
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        message_id = product.send(post)
        event = b""
        while message_id.encode() not in event or not event.endswith(b"\n\n"):
            line = answer.readline()
            event = line if event.endswith(b"\n\n") else event + line
    finally:
        connection.close()
    return len(event)
