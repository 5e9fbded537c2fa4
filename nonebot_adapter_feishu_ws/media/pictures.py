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
_SCHEMES: Final = ("http://", "https://")

Upload = Callable[[str], Awaitable[str]]
"""Uploads what a URL leads to; returns the key."""


async def upload_in_text(upload: Upload, text: str) -> str:
    """Markdown with keys in place of URLs; what cannot be uploaded becomes a link."""
    text = text.replace("\r\n", "\n")  # as it is sent
    return _with_keys(text, await _keys(upload, _targets(text)))


async def upload_in_card(upload: Upload, card: Mapping[str, Any]) -> dict[str, Any]:
    """A card's JSON with keys in place of URLs; in its Markdown, what cannot be uploaded becomes a link."""
    copy: dict[str, Any] = plain(card)
    places = [place for place in picture_places(copy) if place.urls()]
    urls = [url for place in places for url in (_targets(place.text) if place.is_markdown else [place.text])]
    keys = await _keys(upload, urls)
    for place in places:
        new = _with_keys(place.text, keys) if place.is_markdown else keys.get(place.text, place.text)
        place.holder[place.key] = new
    return copy


class GrowingText:
    """Uploads the pictures of a text while it is written; ``keys`` has the keys so far, by URL."""

    def __init__(self, upload: Upload) -> None:
        self.keys: dict[str, str] = {}
        self._upload = upload
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._turn = asyncio.Semaphore(_AT_ONCE)

    def begin(self, text: str) -> None:
        """Begin to upload what is new in the text; nothing while a fence is open, whose pictures may be code."""
        if "![" not in text or text.count("```") % 2:
            return
        for url in _targets(text):
            if url.startswith(_SCHEMES) and url not in self._tasks and len(self._tasks) < MOST:
                self._tasks[url] = asyncio.create_task(self._one(url))

    async def finish(self, text: str) -> None:
        """Wait until all pictures of the text are uploaded, or could not be."""
        self.begin(text)
        await asyncio.gather(*self._tasks.values())

    async def _one(self, url: str) -> None:
        async with self._turn:
            self.keys.update(await _keys(self._upload, [url]))


def _targets(text: str) -> list[str]:
    return [picture.url for picture in foreign_pictures(text) if picture.url and not picture.in_link]


def _with_keys(text: str, keys: Mapping[str, str]) -> str:
    return rewrite(text, lambda picture: picture.with_key(keys))


async def _keys(upload: Upload, urls: Iterable[str]) -> dict[str, str]:
    """The keys of the pictures that could be uploaded, by URL."""
    wanted = [url for url in dict.fromkeys(urls) if url.startswith(_SCHEMES)]
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(url: str) -> str:
        async with turn:
            try:
                return await upload(url)
            except (ActionFailed, NetworkError, ValueError) as error:
                log("WARNING", "A picture is shown as a link, since it could not be uploaded: {}", error)
                return ""

    keys = await asyncio.gather(*map(one, wanted[:MOST]))
    return {url: key for url, key in zip(wanted, keys, strict=False) if key}
