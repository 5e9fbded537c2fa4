"""A bot as ``sending/`` and ``stream/`` see it: REST calls by path, and what every send needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from nonebot.adapters import Bot as BaseBot
from typing_extensions import override

from ..media.upload import Uploads
from .idempotency import IdempotencyKeys
from .unfinished import Unfinished
from .words import Language

if TYPE_CHECKING:
    from ..card import Card, CardEntity, RawCard, Template


class RestBot(BaseBot):
    """Base of :class:`Bot`."""

    idempotency_keys: IdempotencyKeys
    """Makes the ``uuid`` of each send."""
    uploads: Uploads
    """Uploads what segments carry; identical content is uploaded only once."""
    unfinished: Unfinished
    """The answers that are being written."""
    language: Language
    """Of what the adapter itself says to people, such as the notes of a stream: ``zh``, and ``en`` for Lark."""

    @override
    async def call_api(self, api: str, **data: Any) -> Any:
        """Call any REST method of Feishu.

        Args:
            api: the path below ``/open-apis/``, such as ``im/v1/messages``; or the name of a typed method, such as
                ``im.create_message``, whose arguments are then ``data``.
            data: ``method`` (default GET), ``params`` or ``query``, ``json`` or ``body``, ``data``, ``files``,
                ``headers``.

        Returns:
            Feishu's whole body as a dict, or bytes when the answer is a file.

        Raises:
            ActionFailed: Feishu refused; carries code, message and ``log_id``.
            NetworkError: no usable answer came.
        """
        return await super().call_api(api, **data)

    async def keep_text(self, message_ids: Sequence[str], text: str) -> None:
        """Keep the text of an answer under the messages that show it; a bot without a store keeps none."""

    @overload
    async def upload_pictures(self, content: str) -> str: ...
    @overload
    async def upload_pictures(self, content: Card | RawCard) -> Card | Template | CardEntity | RawCard: ...
    @overload
    async def upload_pictures(self, content: Mapping[str, Any]) -> dict[str, Any]: ...
    async def upload_pictures(self, content: str | Card | RawCard | Mapping[str, Any]) -> Any:
        """Upload the pictures that Markdown or a card names by URL, at most 20 (上传图片); Feishu shows no others.

        URLs are fetched from public addresses only. In Markdown, what cannot be fetched or uploaded becomes a link, as
        every picture does that is not uploaded, and a WARNING says why.

        Args:
            content: Markdown, or a card: an object or JSON.

        Returns:
            The same with keys in place of the URLs.
        """
        from ..card import Card, RawCard  # only a plugin with pictures loads what builds cards
        from ..media.pictures import upload_in_card, upload_in_text

        if isinstance(content, str):
            return await upload_in_text(self.uploads.image, content)
        if isinstance(content, (Card, RawCard)):
            card = await upload_in_card(self.uploads.image, content.to_dict())
            return Card.from_dict(card) if isinstance(content, Card) else RawCard(card)
        return await upload_in_card(self.uploads.image, content)


def given(**options: Any) -> dict[str, Any]:
    """The options that the caller gave: API hooks see them, so the others are left out."""
    return {key: value for key, value in options.items() if value}
