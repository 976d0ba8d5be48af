"""The part of a soak that is about one long answer: a group of hundreds of thousands of members, read as a whole from a
server whose memory has to stay as it was.
"""

import http.client
import json

from bench.product import Product

CROWD_GROWTH_MOST_MB = 30.0
"""A page of members, the buffers on their way, and what the database keeps of what it has read; all members as one
answer take several times their 45 MB."""

_PIECE_BYTES = 65_536
_ANSWER_TIMEOUT_S = 600.0


def make_crowd(product: Product, count: int) -> str:
    """Put so many members into a new group; its id. The server is stopped meanwhile, and runs afterwards."""
    from bench.seed import run_steps
    from bench.seed_groups import make_people, steps_of_people

    group_id = product.create_group("Crowd")
    product.server.stop()
    run_steps(product, steps_of_people([group_id], make_people(0, count)))
    product.server.start()
    return group_id


def check_crowd(product: Product, group_id: str, count: int) -> list[str]:
    """Read the members twice, the first time to fill caches, and say what was wrong with the answer or the memory."""
    path = f"/v1/groups/{group_id}/members"
    _read(product, path)
    before_mb = product.server.memory().rss_mb
    body, highest_mb = _read(product, path)
    ids = [member["id"] for member in json.loads(body)["members"]]
    grown_mb = highest_mb - before_mb
    print(
        f"{len(ids)} members in {len(body) / 1e6:.0f} MB; memory {before_mb:.1f} MB before, {grown_mb:+.1f} MB at most"
    )
    faults = [] if len(ids) == len(set(ids)) == count + 1 else [f"{len(set(ids))} members of {count + 1} were read"]
    if grown_mb > CROWD_GROWTH_MOST_MB:
        faults.append(f"memory grew by {grown_mb:.1f} MB under one answer, at most {CROWD_GROWTH_MOST_MB:.1f} MB")
    return faults


def _read(product: Product, path: str) -> tuple[bytes, float]:
    """(body, most memory that the server had while it was sent)."""
    connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=_ANSWER_TIMEOUT_S)
    try:
        connection.request("GET", path, headers={"accessToken": product.access_token})
        answer = connection.getresponse()
        pieces: list[bytes] = []
        highest_mb = 0.0
        while piece := answer.read(_PIECE_BYTES):
            pieces.append(piece)
            if len(pieces) % 16 == 0:
                highest_mb = max(highest_mb, product.server.memory().rss_mb)
        return b"".join(pieces), max(highest_mb, product.server.memory().rss_mb)
    finally:
        connection.close()
