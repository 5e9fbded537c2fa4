"""Paged lists as asynchronous iterators."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

from ..net.bounded_json import as_list
from .models.base import Result

T_co = TypeVar("T_co", bound=Result, covariant=True)
FetchPage = Callable[[str | None], Awaitable[Mapping[str, Any]]]


class Paged(Generic[T_co]):
    """The items of a list that Feishu gives out in pages.

    Nothing is fetched before the first item is asked for, and no page before the items of the one before are used
    up. It can be iterated again, which fetches again::

        async for chat in bot.chat.list():
            ...
        chats = await bot.chat.list(limit=100).all()
    """

    def __init__(self, fetch: FetchPage, item: type[T_co], *, at: str = "items", limit: int | None = None) -> None:
        """Create the list; nothing is fetched yet.

        Args:
            fetch: takes a page token (None: the first page), returns ``data`` of Feishu's answer.
            item: the items' class.
            at: the key of the items in ``data``.
            limit: at most so many items; None for all.
        """
        if limit is not None and limit < 0:
            raise ValueError("limit must be 0 or more; leave it out for all items")
        self._fetch = fetch
        self._item: type[T_co] = item
        self._at = at
        self._limit = limit

    async def __aiter__(self) -> AsyncIterator[T_co]:
        """Items, page after page.

        Raises:
            ActionFailed: Feishu refused a page.
            NetworkError: no usable answer came.
        """
        if self._limit == 0:
            return
        count = 0
        async for page in self.pages():
            for item in page:
                yield item
                count += 1
                if count == self._limit:
                    return

    async def pages(self) -> AsyncIterator[list[T_co]]:
        """Whole pages as lists, without regard to ``limit``; a page may be empty."""
        token: str | None = None
        while True:
            data = await self._fetch(token)
            yield [self._item.model_validate(item) for item in as_list(data.get(self._at))]
            following: object = data.get("page_token")
            # The same token again would fetch the same page for ever.
            if not data.get("has_more") or not isinstance(following, str) or following in ("", token):
                return
            token = following

    async def all(self) -> list[T_co]:
        """All items (at most ``limit``) in one list."""
        return [item async for item in self]
