"""The text of docs/operate/scale.md around the figures of `scaling`."""

from bench.scaling import CONNECTIONS_OF_A_PROCESS, Costs, Habits, Limits, Need, need_of, rows_tb

USERS = (1_000_000, 10_000_000, 100_000_000)
SIZES = (1_000, 10_000, 100_000)
"""For the table of sizes: what one server bears."""


def build_page(costs: Costs) -> str:
    """The whole page."""
    habits, limits = Habits(), Limits()
    needs = [need_of(users, costs, habits, limits) for users in USERS]
    small = [need_of(users, costs, habits, limits) for users in SIZES]
    return "\n".join(
        [
            _INTRODUCTION.format(machine=costs.machine),
            _costs(costs),
            _habits(habits, limits),
            _sizing(small, costs),
            _needs(needs),
            _first(needs, costs),
            _CHANGES,
            _SHARDED,
        ]
    )


_INTRODUCTION = """<!-- written by bench/scale.py from bench/results; do not edit -->
# Sizes: from one server to a hundred million users

What a message, a page, a live stream, a delivery and a row cost was measured on one machine ({machine}), with at most
1,000 streams and 1,000,000 messages. What people do is assumed, and stands below to be argued with. The rest is
arithmetic, and so is this page: `python bench/scale.py` writes it. Nobody has run Chaupal for a million users yet; take
the figures beyond one machine for what they are, a plan.
"""


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in (head, ["---", *["---:"] * (len(head) - 1)], *rows)]
    return "\n".join(lines) + "\n"


def _costs(costs: Costs) -> str:
    rows = [
        ["a server that is idle: memory", f"{costs.idle_mb:.0f} MB"],
        ["a message posted alone: CPU of the server", f"{costs.post_cpu_us:.0f} µs"],
        ["a message posted alone: CPU of PostgreSQL", f"{costs.post_database_us:.0f} µs"],
        ["a message posted among 64 at once: CPU of the server", f"{costs.batched_post_cpu_us:.0f} µs"],
        ["a message posted among 64 at once: CPU of PostgreSQL", f"{costs.batched_post_database_us:.0f} µs"],
        ["a page of 50 messages: CPU of the server", f"{costs.page_cpu_us:.0f} µs"],
        ["a page of 50 messages: CPU of PostgreSQL", f"{costs.page_database_us:.0f} µs"],
        ["an event sent on one live stream", f"{costs.stream_event_us:.0f} µs"],
        ["a live stream that is idle: memory", f"{costs.stream_kb:.1f} kB"],
        ["a delivery to a webhook", f"{costs.delivery_us:.0f} µs"],
        ["a message posted: request and answer on the wire", f"{costs.wire_bytes['post']:,} bytes"],
        ["a page of 50 messages on the wire", f"{costs.wire_bytes['page_of_50']:,} bytes"],
        ["an event on a live stream", f"{costs.wire_bytes['stream_event']:,} bytes"],
    ]
    tables = [table for table in costs.row_bytes["SQLite"] if table in costs.row_bytes["PostgreSQL"]]
    row_rows = [
        [f"`{table}`", *(f"{costs.row_bytes[name][table]:.0f}" for name in ("SQLite", "PostgreSQL"))]
        for table in tables
    ]
    return (
        "## What was measured\n\n"
        + _table(["on PostgreSQL, of one", ""], rows)
        + _OF_COSTS
        + _table(["table", "bytes, SQLite", "bytes, PostgreSQL"], row_rows)
    )


_OF_COSTS = """
Of streams and deliveries it is the time that passed, so their CPU is at most that. Messages that come at once to one
writer share a commit; below each is taken to come alone, because they are spread over many organizations and servers.
A row, with all of its indexes (deliveries are changed some times each, and PostgreSQL keeps what was before for a
while):

"""


def _habits(habits: Habits, limits: Limits) -> str:
    rows = [
        ["messages and actions that a user posts a day", f"{habits.posts_a_day:g}"],
        ["pages of a history that a user reads a day", f"{habits.pages_a_day:g}"],
        ["users who have a live stream open at the busiest time", f"{habits.online_share * 100:g} %"],
        ["live streams that a message is sent on, on average", f"{habits.listeners_of_a_message:g}"],
        ["deliveries to webhooks of a message, on average", f"{habits.deliveries_of_a_message:g}"],
        ["groups that a user is in", f"{habits.groups_of_a_person:g}"],
        [
            "messages with a file, fetched by each who has it on a stream; its size",
            f"{habits.media_of_a_message * 100:g} %; {habits.media_kb:g} kB",
        ],
        ["the busiest minute against the day's average", f"{habits.peak_factor:g} x"],
        ["the largest organization's share of all", f"{habits.largest_tenant_share * 100:g} %"],
        ["cores that a server process is given to use, of the one that it has", f"{limits.process_cores:g}"],
        ["live streams of a server process (`CHAUPAL_STREAMS_MAX`)", f"{limits.streams_of_a_process:,}"],
        ["cores of one database that are used, of 16", f"{limits.database_cores:g}"],
        ["size of one database", f"{limits.database_tb:g} TB"],
        [
            "cores, server processes and network of one machine for servers",
            f"{limits.machine_processes}; {limits.machine_processes}; {limits.machine_gbit_s:g} Gbit/s",
        ],
    ]
    return "## What is assumed\n\n" + _table(["", ""], rows) + _NOT_COUNTED


_NOT_COUNTED = """
Not counted: a standby for each database, and room for its backups and write-ahead log; the CPU that deliveries,
vacuuming and the sweep take of a database; answers to actions, likes, comments, and the stored answers of an
`Idempotency-Key`; the proxy and its TLS; the process that delivers to webhooks, where a server does both. Plan twice
what stands below until you have measured your own.
"""


def _sizing(needs: list[Need], costs: Costs) -> str:
    rows = [
        [
            f"{need.users:,}",
            f"{need.posts_s:.1f}",
            f"{need.streams:,.0f}",
            f"{max(0.01, need.api_cores + need.worker_cores):.2f}",
            f"{_own_gb(need, costs):.1f} GB",
            f"{_own_rows_gb(need, costs):,.0f} GB",
            _advice(need),
        ]
        for need in needs
    ]
    head = ["users", "messages/s", "streams", "cores, servers", "memory", "rows in a year", "what to run"]
    return "## One machine\n\nAt the busiest time:\n\n" + _table(head, rows)


def _own_gb(need: Need, costs: Costs) -> float:
    """One server does the workers' part as well."""
    return need.server_gb - (costs.idle_mb / 1e3 if _is_one_server(need) else 0)


def _own_rows_gb(need: Need, costs: Costs) -> float:
    database = "SQLite" if _is_one_server(need) else "PostgreSQL"
    return rows_tb(need.users, costs.row_bytes[database], Habits()) * 1e3


def _is_one_server(need: Need) -> bool:
    return need.api_processes == 1


def _advice(need: Need) -> str:
    if _is_one_server(need) and need.streams <= 1_000:
        return "one server on SQLite, 1 core, 1 GB"
    if _is_one_server(need):
        return "one server on SQLite or PostgreSQL, 2 cores, 2 GB"
    return f"{need.api_processes} `api` and {need.worker_processes} `worker` on PostgreSQL with 2 cores"


def _needs(needs: list[Need]) -> str:
    lines: list[tuple[str, list[str]]] = [
        ("messages posted a second", [f"{need.posts_s:,.0f}" for need in needs]),
        ("pages read a second", [f"{need.pages_s:,.0f}" for need in needs]),
        ("events sent on live streams a second", [f"{need.stream_events_s:,.0f}" for need in needs]),
        ("deliveries to webhooks a second", [f"{need.deliveries_s:,.0f}" for need in needs]),
        ("reads of the log for live streams a second, at most", [f"{need.feed_reads_s:,.0f}" for need in needs]),
        ("live streams", [f"{need.streams:,.0f}" for need in needs]),
        ("cores busy in `api` servers", [f"{need.api_cores:,.1f}" for need in needs]),
        ("**`api` processes**", [f"{need.api_processes:,}" for need in needs]),
        ("**`worker` processes**", [f"{need.worker_processes:,}" for need in needs]),
        ("memory of all of these", [f"{need.server_gb:,.0f} GB" for need in needs]),
        ("**machines for them**", [f"{need.machines:,}" for need in needs]),
        ("cores busy in databases", [f"{need.database_cores:,.1f}" for need in needs]),
        ("rows after a year", [f"{need.database_tb:,.1f} TB" for need in needs]),
        ("files after a year", [f"{need.media_tb:,.0f} TB" for need in needs]),
        ("**shards: cells, or machines of one distributed database**", [f"{need.cells:,}" for need in needs]),
        ("what decides their number", [need.first_full for need in needs]),
        ("messages posted a second to one of these", [f"{need.posts_s / need.cells:,.0f}" for need in needs]),
        ("connections to one of these, at most", [f"{need.connections:,}" for need in needs]),
        ("to and from clients at the busiest time", [f"{need.gbit_s:,.1f} Gbit/s" for need in needs]),
        ("messages a second of the largest organization", [f"{need.largest_tenant_posts_s:,.0f}" for need in needs]),
        ("its rows after a year", [f"{need.largest_tenant_tb:,.2f} TB" for need in needs]),
    ]
    head = ["", *(f"{need.users // 1_000_000} M users" for need in needs)]
    return "## Many machines\n\n" + _table(head, [[name, *cells] for name, cells in lines])


def _first(needs: list[Need], costs: Costs) -> str:
    streams, cpu = needs[0].streams / Limits().streams_of_a_process, needs[0].api_cores / Limits().process_cores
    first = "the number of live streams" if streams > cpu else "the CPU of the servers"
    largest = needs[-1].largest_tenant_posts_s
    room = costs.posts_per_s_of_one
    fits = "fits" if largest * 2 < room else "does not fit"
    return (
        "## What fills up first\n\n"
        f"1. **The servers**, by {first}. They hold nothing, so more of them is all it takes.\n"
        f"2. **One database**, by {_of_database(needs[0])}: "
        f"{needs[0].database_tb:.1f} of {Limits().database_tb:g} TB and "
        f"{needs[0].database_cores:.1f} of {Limits().database_cores:g} cores at "
        f"{needs[0].users // 1_000_000} M users. A second one is a second cell.\n"
        f"3. **The largest organization.** The rules of one organization run one after another, so it cannot be spread "
        f"over databases.\n   One writer was measured at {room:,.0f} messages a second beside its load; at "
        f"{needs[-1].users // 1_000_000} M users the largest would post\n   {largest:,.0f} a second, which {fits} with "
        f"half of it to spare. {_size_of_the_largest(needs)}\n"
        f"4. **PostgreSQL's connections.** Each process has up to {CONNECTIONS_OF_A_PROCESS}, so its default of 100 is "
        f"too few from {_CONNECTIONS_BY_DEFAULT // CONNECTIONS_OF_A_PROCESS + 1} processes\n   on one database: raise "
        "`max_connections`.\n"
    )


_CONNECTIONS_BY_DEFAULT = 100


def _size_of_the_largest(needs: list[Need]) -> str:
    limit_tb = Limits().database_tb
    too_large = [need for need in needs if need.largest_tenant_tb > limit_tb]
    if not too_large:
        return f"Its\n   rows fit into one database of {limit_tb:g} TB."
    return (
        f"Its\n   rows do not fit: they are {too_large[0].largest_tenant_tb:.1f} TB after a year, more than the "
        f"{limit_tb:g} TB of one database. It needs a larger\n   one for itself, or has to keep less of its past."
    )


def _of_database(need: Need) -> str:
    return need.first_full.replace("the database's", "its")


_CHANGES = """## What changes on the way

| from | to | what changes | what does not |
|---|---|---|---|
| one server, SQLite | one database, several servers | \
`chaupal migrate-db`, `CHAUPAL_ROLE`, a proxy, a bucket | ids, tokens, positions, clients |
| LISTEN and NOTIFY | NATS | `CHAUPAL_NATS`: signals leave the database | what a lost signal costs: a poll |
| one database | several [cells](cells.md) | \
organizations are moved, and their clients told the new endpoint URL | each organization is whole in one cell |
| streams spread evenly | an organization's streams on few servers: a proxy that hashes by organization | \
how often the log is read: each server with streams of an organization \
reads each of its events once | what a stream is sent |
| one machine a cell | a PostgreSQL spread by organization | see below | statements, rules |

Nothing grows with the number of all users that a single call would have to read: a message is one row whatever the size
of its group, a page is one statement on an index that begins with the organization, and a stream's server reads each
event once for all of its streams. What does grow with it is the table of application ids, which every sign-in asks, and
what a worker reads to find organizations with work.
"""

_SHARDED = """## A PostgreSQL that is spread over machines

Citus and databases like it keep the rows of one organization on one machine, and ask that the column which decides it
be part of every unique index. `tenant_id` comes first in every key here, there are no foreign keys, no sequences, and
no triggers but while an organization is being moved away (a test looks), and every statement of a user's call names its
tenant. What is left to do before anybody can say that it works there:

- `connectors.application_id` is unique over all organizations, because it is all that a client names when it signs in.
  That table would be a reference table, kept whole on each machine; so would `webhook_workers`.
- Some twenty statements ask all machines: sign-in by application id, the operator's lists, and what workers read to
  find work or the dead. They are few and small, but each then costs as many round trips as there are machines.
- A batch may hold rules of several organizations, and would then be a transaction over several machines. Writers would
  have to be chosen by machine instead of by the organization's hash.
- LISTEN and NOTIFY, and the advisory locks behind turns, do not reach across machines: NATS for the one, the
  coordinator for the other.
- It has not been tried: no registry that these tests may use has such a database.
"""
