"""The floor's one endpoint: POST /message with {"message": text}, answered with {"id": ...} once the row is durable;
GET /readyz tells that it is ready. Nothing else: no middleware, no access log. Described in bench/README.md, "The
floor".
"""

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import uuid_utils
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.floor.databases import choose_database
from bench.floor.group_commit import GroupCommit, Row


class PostMessage(msgspec.Struct, frozen=True):
    message: str


class MessageReceipt(msgspec.Struct, frozen=True):
    id: str


read_body = msgspec.json.Decoder(PostMessage).decode
write_body = msgspec.json.Encoder().encode


def build_app(database: str) -> Starlette:
    """`database` is `none`, `sqlite:PATH` or `postgresql://...`."""
    writer = None if database == "none" else GroupCommit(choose_database(database))

    async def post_message(request: Request) -> Response:
        body = read_body(await request.body())
        row = Row(str(uuid_utils.uuid7()), body.message, time.time_ns() // 1_000_000)
        if writer is not None:
            await writer.insert(row)
        return Response(write_body(MessageReceipt(row.id)), media_type="application/json")

    async def get_readyz(request: Request) -> Response:
        return Response(b"{}", media_type="application/json")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if writer is not None:
            await writer.start()
        yield
        if writer is not None:
            await writer.stop()

    routes = [Route("/message", post_message, methods=["POST"]), Route("/readyz", get_readyz)]
    return Starlette(routes=routes, lifespan=lifespan)


def serve() -> None:
    host, _, port = os.environ["FLOOR_LISTEN"].rpartition(":")
    uvicorn.run(
        build_app(os.environ["FLOOR_DATABASE"]),
        host=host,
        port=int(port),
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_level="warning",
    )
