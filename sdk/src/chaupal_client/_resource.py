"""What every resource has: the client's session, and what drives its calls."""

from __future__ import annotations

from chaupal_client._driving import AsyncDriver, Driver
from chaupal_client._session import Session


class Resource:
    """Calls that wait for their answers."""

    def __init__(self, session: Session, driver: Driver) -> None:
        self._session = session
        self._driver = driver


class AsyncResource:
    """Calls that are awaited."""

    def __init__(self, session: Session, driver: AsyncDriver) -> None:
        self._session = session
        self._driver = driver
