"""The calls of `events`. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Sequence

from chaupal_client._driving import Items
from chaupal_client._resource import Resource
from chaupal_client._steps import Place
from chaupal_client.events import Event
from chaupal_client.flows import events as flows
from chaupal_client.models import SyncAnswer


class Events(Resource):
    """What can be done; one call a method."""

    def page(
        self, *, cursor: str | None = None, limit: int | None = None, group_id: Sequence[str] | None = None
    ) -> SyncAnswer:
        """One page of what has happened since a cursor; without one, a cursor for now.

        Needs: permission **Outgoing Webhooks**.

        Raises CursorExpired: read what there is now, and begin without a cursor.
        """
        return self._driver.run(flows.page(self._session, cursor=cursor, limit=limit, group_id=group_id))

    def since(self, *, cursor: str | None = None, group_id: Sequence[str] | None = None) -> Items[Event]:
        """Each event since a cursor, up to now, and then the end; without a cursor none.

        `.cursor` of what is iterated says where to go on, when it has come to its end.

        Raises CursorExpired: read what there is now, and begin without a cursor.
        """
        place = Place(cursor)
        return Items(self._driver, place, flows.since(self._session, place, cursor=cursor, group_id=group_id))

    def follow(self, *, cursor: str | None = None, group_id: Sequence[str] | None = None) -> Items[Event]:
        """Each event as it happens, from a cursor or from now on, without an end.

        When the connection breaks or the server stops it comes back, for as long as it takes, and goes on where
        it was:
        nothing is skipped, and nothing comes twice. Only a first connection is given up like any other call.

        `.cursor` of what is iterated is the place after the event that was given out last; keep it together with
        what you make of the event. Needs: permission **Outgoing Webhooks**.

        Raises CursorExpired where it was away for too long, InvalidToken where the token has stopped, and
        NotFound where none of the groups is visible any more.
        """
        place = Place(cursor)
        return Items(self._driver, place, flows.follow(self._session, place, cursor=cursor, group_id=group_id))
