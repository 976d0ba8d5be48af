"""The calls of `subscribers`. Written by tools/write_sdk.py."""

from __future__ import annotations

from collections.abc import Sequence

from chaupal_client import _paging, operations
from chaupal_client._driving import Items
from chaupal_client._resource import Resource
from chaupal_client._steps import Place
from chaupal_client.models import AddedAnswer, RemovedAnswer, Subscriber, SubscribersAnswer


class Subscribers(Resource):
    """What can be done; one call a method."""

    def page(
        self, group_id: str, *, cursor: str | None = None, count: int | None = None, idempotency_key: str | None = None
    ) -> SubscribersAnswer:
        """The subscribers: all, or a page where `count` or `cursor` is given.

        A POST that changes nothing, as Kaizala's.

        Needs: permission **Group Member List**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            cursor: from the page before; `""` is the same as none
            count: how many at most, 1 to 50
        """
        return self._driver.run(
            self._session.call(
                operations.SUBSCRIBERS_PAGE,
                (group_id,),
                body={"cursor": cursor, "count": count},
                idempotency_key=idempotency_key,
            )
        )

    def list(self, group_id: str, *, cursor: str | None = None, count: int | None = None) -> SubscribersAnswer:
        """The same as a GET.

        Needs: permission **Group Member List**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            cursor: from the page before
            count: how many at most, 1 to 50
        """
        return self._driver.run(
            self._session.call(operations.SUBSCRIBERS_LIST, (group_id,), query={"cursor": cursor, "count": count})
        )

    def iterate(self, group_id: str, *, count: int | None = None, cursor: str | None = None) -> Items[Subscriber]:
        """The same as a GET: all of them, page by page.

        Needs: permission **Group Member List**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            count: how many at most, 1 to 50
            cursor: where to begin
        """
        place = Place(cursor)
        return Items(
            self._driver,
            place,
            _paging.iterate_pages(
                self._session,
                place,
                operations.SUBSCRIBERS_LIST,
                (group_id,),
                {"count": count},
                items="subscribers",
                item_type=Subscriber,
            ),
        )

    def add(self, group_id: str, subscribers: Sequence[str]) -> AddedAnswer:
        """Make people subscribers; a number that cannot be one fails alone.

        Needs: permission **Group Member List**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            subscribers: up to 1,000 mobile numbers; more are a 413
        """
        return self._driver.run(
            self._session.call(operations.SUBSCRIBERS_ADD, (group_id,), body={"subscribers": subscribers})
        )

    def remove(self, group_id: str, subscribers: Sequence[str]) -> RemovedAnswer:
        """End subscriptions; a number that has none fails alone.

        Needs: permission **Group Member List**; an admin of the group.

        Args:
            group_id: The group, as `POST /groups` and `GET /groups` name it.
            subscribers: up to 1,000 mobile numbers; more are a 413
        """
        return self._driver.run(
            self._session.call(operations.SUBSCRIBERS_REMOVE, (group_id,), body={"subscribers": subscribers})
        )
