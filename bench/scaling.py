"""What so many users need: the measured costs, what is assumed of people, and the arithmetic between. No text.

Costs come from the results that are kept in bench/results (tables and notes as bench/run.py writes them) and from
sizes.json (bench/scale.py --measure). Whatever is neither is in `Habits` or `Limits`, which the page shows.
"""

import json
import re
from dataclasses import dataclass
from math import ceil
from pathlib import Path

DAY_S = 86_400
YEAR_DAYS = 365
STREAMS_MEASURED = 1_000
PAGE_MESSAGES = 50
EVENT_LOG_DAYS = 30
DELIVERY_DAYS = 30
CONNECTIONS_OF_A_PROCESS = 11
"""To PostgreSQL, at most: two that write, four that read, two for signals, one for limits; and two of the process that
delivers."""


@dataclass(frozen=True)
class Costs:
    """On PostgreSQL. CPU in microseconds, of the server and of the database, for one of each; bytes a row with its
    indexes, on both databases; bytes on the wire, request and answer together."""

    machine: str
    idle_mb: float
    post_cpu_us: float
    post_database_us: float
    batched_post_cpu_us: float
    batched_post_database_us: float
    page_cpu_us: float
    page_database_us: float
    stream_event_us: float
    stream_kb: float
    delivery_us: float
    posts_per_s_of_one: float
    row_bytes: dict[str, dict[str, float]]
    wire_bytes: dict[str, int]


@dataclass(frozen=True)
class Habits:
    """What is assumed of people, not measured: per user and day, and who is there at the busiest time."""

    posts_a_day: float = 5
    pages_a_day: float = 30
    online_share: float = 0.10
    listeners_of_a_message: float = 10
    """Live streams that a message is sent to, on average over groups small and large."""
    deliveries_of_a_message: float = 0.2
    media_of_a_message: float = 0.05
    media_kb: float = 300
    peak_factor: float = 5
    """The busiest minute against the day's average."""
    users_of_a_tenant: float = 5_000
    groups_of_a_person: float = 10
    largest_tenant_share: float = 0.02


@dataclass(frozen=True)
class Limits:
    """What one part is asked to bear, and no more."""

    process_cores: float = 0.6
    """A server process keeps one core busy; a little more than half of it leaves room for a peak within the peak, and
    for a node that is away."""
    streams_of_a_process: int = 4_000
    database_cores: float = 8
    """Half of a database machine of 16 cores."""
    database_tb: float = 2
    machine_processes: int = 8
    """On a machine of as many cores."""
    machine_gbit_s: float = 1


@dataclass(frozen=True)
class Need:
    """What so many users need at the busiest time, and after a year."""

    users: int
    posts_s: float
    pages_s: float
    stream_events_s: float
    feed_reads_s: float
    deliveries_s: float
    streams: float
    api_cores: float
    worker_cores: float
    database_cores: float
    api_processes: int
    worker_processes: int
    server_gb: float
    machines: int
    connections: int
    """To one database."""
    database_tb: float
    media_tb: float
    gbit_s: float
    cells: int
    first_full: str
    """The part of a cell that decides how many cells there are."""
    largest_tenant_posts_s: float
    largest_tenant_tb: float


def need_of(users: int, costs: Costs, habits: Habits, limits: Limits) -> Need:
    """The need of an even mixture of all kinds of organizations."""
    peak = users / DAY_S * habits.peak_factor
    posts_s, pages_s = peak * habits.posts_a_day, peak * habits.pages_a_day
    events_s = posts_s * habits.listeners_of_a_message
    deliveries_s = posts_s * habits.deliveries_of_a_message
    streams = users * habits.online_share
    worker_cores = deliveries_s * costs.delivery_us / 1e6
    database_tb = rows_tb(users, costs.row_bytes["PostgreSQL"], habits)
    feed_reads_s = posts_s * _processes_with_streams(streams, ceil(database_tb / limits.database_tb), habits, limits)
    reads_s = pages_s + feed_reads_s
    api_cores = (posts_s * costs.post_cpu_us + reads_s * costs.page_cpu_us + events_s * costs.stream_event_us) / 1e6
    database_cores = (posts_s * costs.post_database_us + reads_s * costs.page_database_us) / 1e6
    wire = costs.wire_bytes
    media_s = posts_s * habits.media_of_a_message * habits.media_kb * 1_000
    bytes_s = (
        posts_s * wire["post"]
        + pages_s * wire["page_of_50"]
        + events_s * wire["stream_event"]
        + media_s * (1 + habits.listeners_of_a_message)
    )
    full = {
        "the database's CPU": database_cores / limits.database_cores,
        "the database's size": database_tb / limits.database_tb,
    }
    first_full = max(full, key=lambda name: full[name])
    cells = ceil(full[first_full])
    api_processes = max(ceil(api_cores / limits.process_cores), ceil(streams / limits.streams_of_a_process))
    worker_processes = max(1, ceil(worker_cores / limits.process_cores))
    processes, gbit_s = api_processes + worker_processes, bytes_s * 8 / 1e9
    return Need(
        users=users,
        posts_s=posts_s,
        pages_s=pages_s,
        stream_events_s=events_s,
        feed_reads_s=feed_reads_s,
        deliveries_s=deliveries_s,
        streams=streams,
        api_cores=api_cores,
        worker_cores=worker_cores,
        database_cores=database_cores,
        api_processes=api_processes,
        worker_processes=worker_processes,
        server_gb=(processes * costs.idle_mb * 1_000 + streams * costs.stream_kb) / 1e6,
        machines=max(ceil(processes / limits.machine_processes), ceil(gbit_s / limits.machine_gbit_s)),
        connections=ceil(processes / cells) * CONNECTIONS_OF_A_PROCESS,
        database_tb=database_tb,
        media_tb=users * habits.posts_a_day * YEAR_DAYS * habits.media_of_a_message * habits.media_kb * 1e3 / 1e12,
        gbit_s=gbit_s,
        cells=cells,
        first_full=first_full,
        largest_tenant_posts_s=posts_s * habits.largest_tenant_share,
        largest_tenant_tb=database_tb * habits.largest_tenant_share,
    )


def _processes_with_streams(streams: float, cells: int, habits: Habits, limits: Limits) -> float:
    """In how many processes one organization has live streams, if a proxy spreads them evenly: each of these reads each
    of its events once."""
    of_a_cell = max(1, ceil(streams / cells / limits.streams_of_a_process))
    return min(of_a_cell, habits.users_of_a_tenant * habits.online_share)


def rows_tb(users: int, row: dict[str, float], habits: Habits) -> float:
    """Terabytes of rows after a year: messages stay, the event log and deliveries go after a while; a delivery has one
    try; one membership in each of ten groups for each person."""
    posts_a_day = users * habits.posts_a_day
    deliveries_a_day = posts_a_day * habits.deliveries_of_a_message
    kept = posts_a_day * (YEAR_DAYS * row["messages"] + EVENT_LOG_DAYS * row["events"])
    of_delivery = sum(row.get(table, 0.0) for table in ("webhook_deliveries", "webhook_bodies", "webhook_tries"))
    kept += deliveries_a_day * DELIVERY_DAYS * of_delivery
    return (kept + users * (row["people"] + habits.groups_of_a_person * row["memberships"])) / 1e12


def read_costs(results: Path, sizes: Path) -> Costs:
    """From what is kept; raises ValueError where a case is missing."""
    text = max(results.glob("*-postgresql.md")).read_text()  # the newest: their names begin with the date
    measured = json.loads(sizes.read_text())
    rows = {name: {table: each["bytes_per_row"] for table, each in measured[name].items()} for name in _DATABASES}
    idle_mb, fanout_ms, stream_kb, deliveries_s = (
        _table_value(text, title)
        for title in ("idle memory", "until the last of 1,000 live streams", "per idle live stream", "deliveries to 8")
    )
    _, post_cpu_us, post_database_us = _load(text, "post-p50")
    posts_s, batched_post_cpu_us, batched_post_database_us = _load(text, "post-cpu")
    _, page_cpu_us, page_database_us = _load(text, "get-large")
    machine = re.search(r"^- CPU: (.*)$", text, re.MULTILINE)
    assert machine is not None
    return Costs(
        machine=machine[1],
        idle_mb=idle_mb,
        post_cpu_us=post_cpu_us,
        post_database_us=post_database_us,
        batched_post_cpu_us=batched_post_cpu_us,
        batched_post_database_us=batched_post_database_us,
        page_cpu_us=page_cpu_us,
        page_database_us=page_database_us,
        stream_event_us=fanout_ms * 1_000 / STREAMS_MEASURED,
        stream_kb=stream_kb,
        delivery_us=1e6 / deliveries_s,
        posts_per_s_of_one=posts_s,
        row_bytes=rows,
        wire_bytes=measured["wire"],
    )


_DATABASES = ("SQLite", "PostgreSQL")
_NUMBER = r"([\d.]+)"


def _table_value(text: str, title: str) -> float:
    """The measured figure of the row whose title has these words."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 5 and title in cells[1]:
            return float(cells[4].split(" ")[0])
    raise ValueError(f"no result of: {title}")


def _load(text: str, case: str) -> tuple[float, float, float]:
    """(requests/s, CPU us, the database's CPU us) of a case's subject."""
    found = re.search(
        rf"^- {case}, PostgreSQL: subject: {_NUMBER} requests/s, .*CPU {_NUMBER} us/request, "
        rf"PostgreSQL's own CPU {_NUMBER} us/request",
        text,
        re.MULTILINE,
    )
    if found is None:
        raise ValueError(f"no result of: {case}")
    return float(found[1]), float(found[2]), float(found[3])
