"""The least that delivers: a loop of aiohttp that posts one body again and again. Prints the seconds it took.

Usage: PORT COUNT CONCURRENCY.
"""

import asyncio
import sys
import time

BODY = b'{"eventType": "TextMessageCreated", "data": {"text": "' + b"x" * 500 + b'"}}'


async def _send(port: int, count: int, concurrency: int) -> float:
    import aiohttp

    numbers = iter(range(count))
    url = f"http://127.0.0.1:{port}/"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def send() -> None:
            for _ in numbers:
                async with session.post(url, data=BODY, headers={"content-type": "application/json"}) as answer:
                    await answer.read()

        began_s = time.perf_counter()
        await asyncio.gather(*(send() for _ in range(concurrency)))
        return time.perf_counter() - began_s


if __name__ == "__main__":
    import uvloop

    print(uvloop.run(_send(*map(int, sys.argv[1:4]))))
