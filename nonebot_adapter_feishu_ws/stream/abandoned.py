"""Finishes the cards of streams whose process has died: a note under the text, and the streaming mode is off."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from ..exception import ActionFailed
from ..logs import log
from ..sending.rest_bot import RestBot
from ..store import OpenWorkDoor
from .entity import MISPLACED, Entity, dump
from .journal import MAX_TURNS, SEQUENCES, Note
from .layout import STATUS, STOP_BUTTON, note, setting
from .pacing import Pace

FORGOTTEN_AFTER: Final = 86_400.0
"""Seconds for which a replay may go on with a finished card."""
OPERATIONS_A_SECOND: Final = 5.0


async def finish_abandoned(
    bot: RestBot, work: OpenWorkDoor, key: str, text: str, *, clock: Callable[[], float] = time.time
) -> None:
    """Finish the cards of one stream, and note that for a replay of its event.

    Args:
        bot: the bot that wrote it.
        work: where the note is kept.
        key: its name.
        text: the note.
        clock: seconds since the epoch.

    Raises:
        NetworkError: the network was down for too long.
    """
    found = Note.read(text)
    if not found.pages or (found.ended and clock() - found.at > FORGOTTEN_AFTER):
        return await work.drop(key)
    if found.ended:
        return
    page = found.pages[-1]
    found.turn = min(found.turn + 1, MAX_TURNS)
    entity = Entity(bot, time.monotonic, asyncio.sleep, Pace(1 / OPERATIONS_A_SECOND, time.monotonic))
    entity.card_id, entity.sequence = page.card_id, (found.turn - 1) * SEQUENCES
    try:
        await _finish(entity, found.text)
        template = "Bot {bot}: the card {} of a former process is finished"
        log("INFO", template, page.card_id, bot=bot.self_id, message_id=page.message_id)
    except ActionFailed as error:
        template = "Bot {bot}: the card {} of a former process could not be finished: {}"
        log("WARNING", template, page.card_id, error, bot=bot.self_id, message_id=page.message_id)
    if not found.replayable:
        return await work.drop(key)
    found.ended = True
    await work.hold(key, found.write(clock()))


async def _finish(entity: Entity, text: str) -> None:
    ended = setting({"streaming_mode": False, "summary": {"content": text}})
    try:
        await entity.operate("card.batch_update", actions=dump([ended, *([note(text)] if text else [])]))
    except ActionFailed as error:
        # Somebody has put the note there already.
        if error.code not in MISPLACED:
            raise
        await entity.operate("card.batch_update", actions=dump([ended]))
    for element_id in (STOP_BUTTON, STATUS):
        with suppress(ActionFailed):  # most cards have none
            await entity.operate("card.delete_element", element_id=element_id)
