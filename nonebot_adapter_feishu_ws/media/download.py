"""Fetches what received segments carry."""

from pathlib import Path
from typing import Any, Final, Literal, Protocol

from ..api import Progress
from ..event import MessageEvent, Reply
from ..exception import ActionFailed
from ..message import ForwardedMessage, MessageSegment
from .kinds import resource_of

_NOT_HERE: Final = frozenset({234003, 234043})
"""The message does not carry the file, or is of a type whose files Feishu does not give out."""


class ResourceBot(Protocol):
    """A bot, as far as downloads need it."""

    async def get_msg_resource(
        self,
        message_id: str,
        file_key: str,
        type_: Literal["image", "file"],
        *,
        to: str | Path | None = None,
        progress: Progress | None = None,
    ) -> Any:
        """Download a file from a message."""
        ...


async def download(
    bot: ResourceBot,
    segment: MessageSegment,
    source: MessageEvent | Reply | ForwardedMessage | str,
    to: str | Path | None,
    progress: Progress | None,
) -> bytes | Path:
    """Fetch what a segment carries; see :meth:`Bot.download`.

    What is inside a merged forward is asked for with the forward's id. Feishu's document says that it gives out nothing
    of it (234043), and reports say that it refuses the id of the message inside (234003); so that one comes last.
    """
    key, kind = resource_of(segment)
    first, *others = _message_ids(source)
    try:
        return await bot.get_msg_resource(first, key, kind, to=to, progress=progress)
    except ActionFailed as error:
        if error.code not in _NOT_HERE:
            raise
        for message_id in others:
            try:
                return await bot.get_msg_resource(message_id, key, kind, to=to, progress=progress)
            except ActionFailed as second:
                if second.code not in _NOT_HERE:
                    raise
        raise


def _message_ids(source: MessageEvent | Reply | ForwardedMessage | str) -> list[str]:
    if isinstance(source, str):
        return [source]
    forward_id = source.forward_id if isinstance(source, ForwardedMessage) else ""
    upper_id = source.upper_message_id if isinstance(source, Reply) else ""
    ids = [each for each in (forward_id, upper_id, source.message_id) if each]
    # A segment of the quoted message is often fetched with the event alone.
    quoted = _message_ids(source.reply) if isinstance(source, MessageEvent) and source.reply is not None else []
    return list(dict.fromkeys([*ids, *quoted])) or [source.message_id]
