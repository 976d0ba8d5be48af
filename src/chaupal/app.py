"""One server: opening its parts, joining the routes of all slices into one application, and serving it."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import resource
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import structlog
from starlette.applications import Starlette

from chaupal.actions.routes import ROUTES as ACTION_ROUTES
from chaupal.auth.caller import INSTALLATION
from chaupal.auth.keys import ensure_signing_keys
from chaupal.auth.sealing import load_secret_key
from chaupal.auth.signing import TokenSigner
from chaupal.background import BackgroundWork
from chaupal.bots.routes import ROUTES as BOT_ROUTES
from chaupal.cells.door import CellDoor
from chaupal.cells.routes import CELL_ROUTES
from chaupal.cells.watching import CellWatch, read_all, take_over, wanted_by
from chaupal.cli.first_steps import first_steps
from chaupal.control.server import ControlServer
from chaupal.directory.routes import ROUTES as TENANT_ROUTES
from chaupal.directory.rules import list_tenants
from chaupal.groups.routes import ROUTES as GROUP_ROUTES
from chaupal.logs import log_stream, shows_calls
from chaupal.media.routes import FILE_ROUTES
from chaupal.media.routes import ROUTES as MEDIA_ROUTES
from chaupal.members.routes import ROUTES as MEMBER_ROUTES
from chaupal.messages.routes import ROUTES as MESSAGE_ROUTES
from chaupal.moving.cell_routes import MOVE_ROUTES
from chaupal.oauth.routes import ROUTES as OAUTH_ROUTES
from chaupal.outbound.client import OutboundClient
from chaupal.people.routes import ROUTES as PEOPLE_ROUTES
from chaupal.reactions.routes import ROUTES as REACTION_ROUTES
from chaupal.responses.routes import ROUTES as RESPONSE_ROUTES
from chaupal.serving.call_log import CallLog
from chaupal.serving.dispatch import Api
from chaupal.serving.house import House
from chaupal.serving.metrics import Metrics
from chaupal.serving.pages import build_pages
from chaupal.settings import Settings
from chaupal.store.clock import Clock, wall_clock
from chaupal.store.opening import DataFolder, DataFolderBusy, open_store
from chaupal.store.wiping import wipe_remains
from chaupal.streams.routes import ROUTES as STREAM_ROUTES
from chaupal.subgroups.routes import ROUTES as SUBGROUP_ROUTES
from chaupal.subscribers.routes import ROUTES as SUBSCRIBER_ROUTES
from chaupal.tokens.routes import ROUTES as TOKEN_ROUTES
from chaupal.tracing.starting import start_tracing
from chaupal.webhooks.history_routes import ROUTES as HISTORY_ROUTES
from chaupal.webhooks.routes import ROUTES as WEBHOOK_ROUTES

if TYPE_CHECKING:
    from chaupal.auth.sharing_limits import LimitSharing

ALL_ROUTES = (
    *TOKEN_ROUTES,
    *OAUTH_ROUTES,
    *TENANT_ROUTES,
    *PEOPLE_ROUTES,
    *GROUP_ROUTES,
    *SUBGROUP_ROUTES,
    *MEMBER_ROUTES,
    *SUBSCRIBER_ROUTES,
    *MESSAGE_ROUTES,
    *BOT_ROUTES,
    *REACTION_ROUTES,
    *RESPONSE_ROUTES,
    *MEDIA_ROUTES,
    *ACTION_ROUTES,
    *STREAM_ROUTES,
    *WEBHOOK_ROUTES,
    *HISTORY_ROUTES,
)

SERVED_ROUTES = (*ALL_ROUTES, *FILE_ROUTES)
"""The calls, and the links to files."""

_WARM_UP_AFTER_S = 0.25
_WARM_UP = ("jwt",)
"""What the first call of a client needs and a start does not; a thread imports it once the server is ready."""

_YOUNG_OBJECTS = 20_000
"""Objects made since the last collection before the young ones are looked at: some hundred calls' worth."""

_WIPE_MOST_S = 10
"""Some gigabytes of a file that is in memory anyway."""

log = structlog.get_logger("server")


def open_house(
    settings: Settings,
    *,
    clock: Clock = wall_clock,
    before_commit: Callable[[], None] = lambda: None,
    sqlite_vfs: str | None = None,
) -> House:
    """Prepare the data folder, open the store and load the keys. Blocks meanwhile; nothing is served yet.

    Raises:
        RuntimeError: the folder is in use, the key or the database cannot be used; the sentence says what to do.
        Unavailable: the database cannot be reached.
    """
    folder = DataFolder(settings.data)
    folder.prepare()
    if not settings.is_postgres:
        folder.take_lock()
    try:
        secret_key = load_secret_key(settings.secret_key_path)
        store = open_store(settings, clock=clock, before_commit=before_commit, sqlite_vfs=sqlite_vfs)
        try:
            written = asyncio.run(store.write(ensure_signing_keys, INSTALLATION, secret_key))
        except BaseException:
            store.stop()
            raise
    except BaseException:
        folder.release_lock()
        raise
    signer = TokenSigner(written.result, issuer=settings.endpoint_url)
    house = House(settings=settings, store=store, secret_key=secret_key, signer=signer, folder=folder)
    take_over(house, asyncio.run(store.read(read_all, INSTALLATION, wanted_by(house))))
    return house


def close_house(house: House) -> None:
    """Finish what the store has queued and let go of the data folder. Blocks meanwhile; harmless when repeated."""
    house.store.stop()
    house.folder.release_lock()


def build_app(house: House) -> Api:
    """The ASGI application. Its lifespan runs the background work; the house is opened and closed by the caller."""
    metrics = Metrics()
    call_log = CallLog(log_stream(house.settings), is_on=shows_calls(house.settings))
    outbound = OutboundClient()
    _begin_traces(house, outbound)
    work = BackgroundWork(house, outbound, metrics) if house.settings.works else None
    control = ControlServer(house)
    sharing = _limit_sharing(house)
    watch = CellWatch(house, metrics)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await control.start()
        house.store.meet_neighbours()
        watch.start()
        if sharing is not None:
            sharing.start()
        if work is not None:
            work.start()
        else:
            house.wake_jobs = house.wake_webhooks = house.store.wake_workers
        await _greet(house)
        asyncio.get_running_loop().call_later(_WARM_UP_AFTER_S, _start_to_warm_up)
        try:
            yield
        finally:
            house.is_stopping = True
            if house.live_streams is not None:
                await house.live_streams.stop()
            await control.stop()
            if work is not None:
                await work.stop()
            if sharing is not None:
                await sharing.stop()
            await watch.stop()
            for client in (outbound, house.cell_calls, house.media_fetcher, house.callbacks):
                await client.close()
            call_log.flush()
            await _end_traces(house)

    pages = build_pages(house, metrics, lifespan)
    routes = SERVED_ROUTES if house.settings.serves_calls else ()
    door = CellDoor(house, (*CELL_ROUTES, *MOVE_ROUTES), behind=pages)
    return Api(house, routes, behind=door, metrics=metrics, call_log=call_log)


def _begin_traces(house: House, outbound: OutboundClient) -> None:
    tracing = start_tracing(house.settings)
    if tracing is not None:
        house.trace_with(tracing)
        outbound.tracing = tracing


async def _end_traces(house: House) -> None:
    if house.tracing is not None:
        await asyncio.to_thread(house.tracing.stop)


def _limit_sharing(house: House) -> LimitSharing | None:
    if not (house.settings.is_postgres and house.settings.serves_calls):
        return None
    from chaupal.auth.sharing_limits import LimitSharing
    from chaupal.store.shared_counts import SharedCounts

    return LimitSharing(house, SharedCounts(house.settings.database))


def _start_to_warm_up() -> None:
    threading.Thread(target=lambda: [importlib.import_module(name) for name in _WARM_UP], daemon=True).start()


async def _greet(house: House) -> None:
    """Say where the server is, and, while nobody is there yet, what a newcomer does next."""
    settings = house.settings
    log.info("serving", url=settings.endpoint_url, listen=settings.listen, role=settings.role, pid=os.getpid())
    if not await house.store.read(list_tenants, INSTALLATION, None):
        sys.stderr.write(first_steps(settings))
        sys.stderr.flush()


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are finished within the grace time."""
    house = open_house(settings)
    _allow_connections()
    _settle_memory()
    try:
        _run(house)
    finally:
        close_house(house)
        _wipe(settings)


def _allow_connections() -> None:
    """Have as many files and connections open as the system lets this process; by default it is often a thousand."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _wipe(settings: Settings) -> None:
    """Leave no trace of what was erased in the file of SQLite; within a time, because a stop must not be waited for."""
    if settings.is_postgres:
        return
    with suppress(DataFolderBusy):  # a command may have taken the lock meanwhile
        folder = DataFolder(settings.data)
        folder.take_lock()
        try:
            if not wipe_remains(settings.sqlite_path, limit_s=_WIPE_MOST_S):
                log.warning("remains not wiped", advice="The next stop of the server does it.")
        finally:
            folder.release_lock()


def _settle_memory() -> None:
    """Take what was imported out of the garbage collector's sight, and let it look, but less often.

    The profile of posting a message showed a tenth of the time in collections that walked the imported libraries. There
    is no last collection before: it takes a tenth of the start to find some hundred objects.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 50)
    gc.enable()


def _run(house: House) -> None:
    import uvicorn

    from chaupal.serving.patience import HeedfulServer, PatientProtocol

    settings = house.settings
    PatientProtocol.head_timeout_s = settings.request_head_timeout_s
    PatientProtocol.answer_timeout_s = settings.answer_timeout_s
    options: dict[str, Any] = {}
    if settings.tls_cert:
        options = {"ssl_certfile": settings.tls_cert, "ssl_keyfile": settings.tls_key}
    config = uvicorn.Config(
        build_app(house),
        host=settings.listen_host,
        port=settings.listen_port,
        http=PatientProtocol,
        ws="none",
        loop="uvloop",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # the client's address comes from `trusted_proxies` alone
        limit_concurrency=settings.connections_max,
        timeout_keep_alive=settings.keep_alive_s,
        timeout_graceful_shutdown=settings.stop_grace_s,
        **options,
    )

    def note_stop() -> None:
        house.is_stopping = True
        if house.live_streams is not None:
            house.live_streams.end_soon()

    HeedfulServer(config, on_stop=note_stop, drain_s=settings.stop_drain_s).run()
