#!/usr/bin/env python3
"""Announces what is new in RSS and Atom feeds in a group.

    pip install -r requirements.txt
    APPLICATION_ID=... APPLICATION_SECRET=... REFRESH_TOKEN=... \\
      python3 feed_announcer.py --group GROUP_ID --state feeds.json https://example.org/feed.xml

What a feed holds when it is first read counts as known, but for the newest --first entries. What has been announced is
noted in the state file; an entry is announced once, also where the program is killed between sending and noting,
because the server knows the key that is sent along, for seven days. Without --every it looks once, as cron does.
"""

from __future__ import annotations

import argparse
import html
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import feedparser
import requests
from chaupal_account import TIMEOUT_S, Account, Refused, Unreachable, key_of

FEED_MAX_BYTES = 10_000_000
REMEMBERED_MAX = 5_000
ANNOUNCED_MAX = 20  # of one feed at a time; the rest comes with the next look
_TAG = re.compile(r"<[^>]*>")


class FeedBroken(Exception):
    """There is nothing to read at the feed's address now."""


class State:
    """What is known of each feed, in a file that is replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.feeds: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def save(self) -> None:
        draft = self._path.with_name(self._path.name + ".new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(self.feeds, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def fetch(url: str, known: dict[str, Any]) -> tuple[Any, dict[str, Any]] | None:
    """(parsed feed, what to ask with next time), or None where it has not changed.

    Raises:
        FeedBroken.
    """
    headers = {"User-Agent": "feed-announcer", **known.get("ask", {})}
    try:
        with requests.get(url, headers=headers, timeout=TIMEOUT_S, stream=True) as answer:
            if answer.status_code == requests.codes.not_modified:
                return None
            answer.raise_for_status()
            content = b""
            for part in answer.iter_content(65_536):
                content += part
                if len(content) > FEED_MAX_BYTES:
                    raise FeedBroken(f"{url}: more than {FEED_MAX_BYTES:,} bytes")
    except requests.RequestException as error:
        raise FeedBroken(f"{url}: {error}") from error
    validators = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}
    ask = {asked: answer.headers[told] for told, asked in validators.items() if told in answer.headers}
    feed = feedparser.parse(content, response_headers={"content-location": url})
    if feed.bozo and not feed.entries:
        raise FeedBroken(f"{url}: {feed.bozo_exception}")
    return feed, ask


def identity(entry: Any) -> str:
    """What makes an entry the same one next time."""
    return str(entry.get("id") or entry.get("link") or entry.get("title") or "")


def text_of(feed: Any, entry: Any) -> str:
    """The message for an entry."""
    title = html.unescape(_TAG.sub("", entry.get("title", ""))).strip()
    source = feed.feed.get("title", "").strip()
    head = f"{source}: {title}" if source and title else title or source
    return "\n".join(filter(None, (head, entry.get("link")))) or "A new entry without a title"


def look(url: str, state: State, account: Account, *, group_id: str, first: int) -> int:
    """Announce what is new, oldest first; how many that were.

    Raises:
        FeedBroken, Refused, Unreachable.
    """
    known = state.feeds.get(url, {})
    fetched = fetch(url, known)
    if fetched is None:
        return 0
    feed, ask = fetched
    entries = list({identity(entry): entry for entry in reversed(feed.entries) if identity(entry)}.items())
    seen = dict.fromkeys(known.get("seen", []))
    if not known:
        seen |= dict.fromkeys(name for name, _ in entries[: max(0, len(entries) - first)])
    new = [(name, entry) for name, entry in entries if name not in seen]
    for name, entry in new[:ANNOUNCED_MAX]:
        account.send_message(group_id, text_of(feed, entry), key=key_of("feed", url, group_id, name))
        seen[name] = None
        state.feeds[url] = {"seen": list(seen)[-REMEMBERED_MAX:]}
        state.save()
    is_all = len(new) <= ANNOUNCED_MAX
    state.feeds[url] = {"seen": list(seen)[-max(REMEMBERED_MAX, len(entries)) :], "ask": ask if is_all else {}}
    state.save()
    return len(new[:ANNOUNCED_MAX])


def look_at_all(urls: list[str], state: State, account: Account, *, group_id: str, first: int) -> bool:
    """Look at each feed; whether all could be read and announced. One that is broken does not keep the others."""
    is_well = True
    for url in urls:
        try:
            count = look(url, state, account, group_id=group_id, first=first)
        except (FeedBroken, Refused, Unreachable) as error:
            print(error, file=sys.stderr, flush=True)
            is_well = False
        else:
            print(f"{url}: {count} announced", flush=True)
    return is_well


def main() -> int:
    parser = argparse.ArgumentParser(description="Announces what is new in RSS and Atom feeds in a group.")
    parser.add_argument("feeds", nargs="+", metavar="URL")
    parser.add_argument("--group", required=True, metavar="GROUP_ID")
    parser.add_argument("--state", default="feed-announcer.json", type=Path, metavar="FILE")
    parser.add_argument("--first", default=0, type=int, metavar="COUNT", help="of a new feed announce so many")
    parser.add_argument("--every", type=int, metavar="MINUTES", help="look again and again")
    chosen = parser.parse_args()
    account = Account.of_environment()
    state = State(chosen.state)
    while True:
        is_well = look_at_all(chosen.feeds, state, account, group_id=chosen.group, first=chosen.first)
        if chosen.every is None:
            return 0 if is_well else 1
        time.sleep(max(1, chosen.every) * 60)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
