"""The store's notes of work that is begun and not ended, for NoneBot's loop.

Nothing of it is required: while the store is down, work goes on unnoted.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from ..exception import StoreError
from ..logs import log
from .base import OpenWork, Store

T = TypeVar("T")
OnNetwork = Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]


class OpenWorkDoor:
    """Access to the notes from NoneBot's loop; see :class:`.OpenWork`. Never raises."""

    def __init__(self, store: Store, call: OnNetwork) -> None:
        """Use the notes of a store, if it has any; ``call`` runs a coroutine on the network loop."""
        self._store = store
        self._call = call

    @property
    def is_open(self) -> bool:
        """Whether notes outlive the process."""
        return self._store.open_work is not None

    @property
    def is_shared(self) -> bool:
        """Whether other processes of the same bots use the store."""
        return self._store.shared is not None

    async def hold(self, key: str, value: str) -> None:
        """Write a note, if that is possible."""
        await self._ask(lambda work: work.hold(key, value), None)

    async def find(self, key: str) -> str | None:
        """Return a note; None when there is none, or the store is down."""
        return await self._ask(lambda work: work.find(key), None)

    async def drop(self, key: str) -> None:
        """Delete a note, if that is possible."""
        await self._ask(lambda work: work.drop(key), None)

    async def inherit(self, bot_id: str) -> Mapping[str, str]:
        """Take over the notes of a bot's dead processes."""
        nothing: Mapping[str, str] = {}
        return await self._ask(lambda work: work.inherit(bot_id), nothing)

    async def _ask(self, ask: Callable[[OpenWork], Coroutine[Any, Any, T]], otherwise: T) -> T:
        work = self._store.open_work
        if work is None or not self._store.status.ok:
            return otherwise
        question = ask(work)
        try:
            return await self._call(question)
        except (StoreError, RuntimeError) as error:  # also: the network thread does not run
            question.close()
            log("DEBUG", "A note of open work could not be read or written: {}", error)
            return otherwise
