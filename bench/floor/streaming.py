"""The floor with the least fan-out that works: GET /events is a stream of every message, as Server-Sent Events, sent
once its row is durable. Nobody resumes, nobody is refused, nothing is bounded. Described in bench/README.md, "The
floor".
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uuid_utils
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bench.floor.app import MessageReceipt, read_body, write_body
from bench.floor.databases import choose_database
from bench.floor.group_commit import GroupCommit, Row


def build_app(database: str) -> Starlette:
    writer = GroupCommit(choose_database(database))
    queues: set[asyncio.Queue[bytes]] = set()

    async def post_message(request: Request) -> Response:
        body = read_body(await request.body())
        row = Row(str(uuid_utils.uuid7()), body.message, time.time_ns() // 1_000_000)
        await writer.insert(row)
        piece = b"id: %s\ndata: %s\n\n" % (row.id.encode(), write_body(body))
        for queue in queues:
            queue.put_nowait(piece)
        return Response(write_body(MessageReceipt(row.id)), media_type="application/json")

    async def stream() -> AsyncIterator[bytes]:
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        queues.add(queue)
        try:
            yield b": begun\n\n"
            while True:
                yield await queue.get()
        finally:
            queues.discard(queue)

    async def get_events(request: Request) -> Response:
        return StreamingResponse(stream(), media_type="text/event-stream")

    async def get_readyz(request: Request) -> Response:
        return Response(b"{}", media_type="application/json")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await writer.start()
        yield
        await writer.stop()

    routes = [
        Route("/message", post_message, methods=["POST"]),
        Route("/events", get_events),
        Route("/readyz", get_readyz),
    ]
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
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    serve()
