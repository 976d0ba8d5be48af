"""Posts messages, 64 at a time, by bare httpx or by the client, and prints the seconds of CPU that it took.

python -m bench.client_posting bare|client URL ACCESS_TOKEN GROUP_ID COUNT
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import httpx

from chaupal_client import AsyncChaupal

AT_A_TIME = 64
TEXT = "The bakery opens at seven on weekdays."
WARM_POSTS = 200


async def post_many(post: Callable[[], Awaitable[object]], count: int) -> None:
    numbers = iter(range(count))

    async def work() -> None:
        for _ in numbers:
            await post()

    await asyncio.gather(*(work() for _ in range(AT_A_TIME)))


async def measure(post: Callable[[], Awaitable[object]], count: int) -> float:
    await post_many(post, WARM_POSTS)
    begun = time.process_time()
    await post_many(post, count)
    return time.process_time() - begun


async def run_bare(url: str, token: str, group_id: str, count: int) -> float:
    address, headers = f"{url}/v1/groups/{group_id}/messages", {"accessToken": token}
    async with httpx.AsyncClient(timeout=60) as http:

        async def post() -> object:
            answer = await http.post(address, headers=headers, json={"message": TEXT})
            answer.raise_for_status()
            return answer.json()["referenceId"]

        return await measure(post, count)


async def run_client(url: str, token: str, group_id: str, count: int) -> float:
    async with AsyncChaupal(url, access_token=token) as chaupal:

        async def post() -> object:
            return (await chaupal.messages.post(group_id, TEXT)).reference_id

        return await measure(post, count)


def main() -> None:
    kind, url, token, group_id, count = sys.argv[1:]
    run = {"bare": run_bare, "client": run_client}[kind]
    print(asyncio.run(run(url, token, group_id, int(count))))


if __name__ == "__main__":
    main()
