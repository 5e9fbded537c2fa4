"""Uploads the pictures that Markdown and cards name by URL, and puts their keys in place of the URLs."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from ..card.base import plain
from ..card.pictures import picture_places
from ..exception import ActionFailed, NetworkError
from ..logs import log
from ..message.markup import foreign_pictures, rewrite

MOST: Final = 20
"""Pictures that are uploaded for one text or card; each may take 10 MB."""
_AT_ONCE: Final = 4

Upload = Callable[[str], Awaitable[str]]
"""Uploads what a URL leads to; returns the key."""


async def upload_in_text(upload: Upload, text: str) -> str:
    """Markdown with keys in place of URLs; what cannot be uploaded becomes a link."""
    text = text.replace("\r\n", "\n")  # as it is sent
    keys = await Pictures(upload).finish(_targets(text))
    return rewrite(text, lambda picture: picture.with_key(keys))


async def upload_in_card(upload: Upload, card: Mapping[str, Any]) -> dict[str, Any]:
    """A card's JSON with keys in place of URLs; in its Markdown, what cannot be uploaded becomes a link."""
    copy: dict[str, Any] = plain(card)
    places = [place for place in picture_places(copy) if place.urls()]
    urls = [url for place in places for url in (_targets(place.text) if place.is_markdown else [place.text])]
    keys = await Pictures(upload).finish(urls)
    for place in places:
        new = rewrite(place.text, lambda picture: picture.with_key(keys))
        place.holder[place.key] = new if place.is_markdown else keys.get(place.text) or place.text
    return copy


class Pictures:
    """Uploads pictures by URL, each once and some at a time; ``keys`` has the keys so far, by URL."""

    def __init__(self, upload: Upload) -> None:
        self.keys: dict[str, str] = {}
        self._upload = upload
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Semaphore(_AT_ONCE)

    def _begin(self, urls: Iterable[str]) -> None:
        for url in urls:
            if url.startswith(("http://", "https://")) and url not in self._tasks and len(self._tasks) < MOST:
                self._tasks[url] = asyncio.create_task(self._one(url))

    def read(self, text: str) -> None:
        """Begin to upload the pictures of a growing text; none while a fence is open, where they may be code."""
        if "![" in text and text.count("```") % 2 == 0:
            self._begin(_targets(text))

    async def finish(self, urls: Iterable[str] = ()) -> dict[str, str]:
        """Wait for all uploads, also of these URLs; returns the keys."""
        self._begin(urls)
        await asyncio.gather(*self._tasks.values())
        return self.keys

    async def _one(self, url: str) -> None:
        async with self._turn:
            try:
                self.keys[url] = await self._upload(url)
            except (ActionFailed, NetworkError, ValueError) as error:
                log("WARNING", "A picture is shown as a link, since it could not be uploaded: {}", error)


def _targets(text: str) -> list[str]:
    return [picture.url for picture in foreign_pictures(text) if picture.url and not picture.in_link]
