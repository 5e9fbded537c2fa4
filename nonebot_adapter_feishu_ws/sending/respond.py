"""Answers to callbacks: in the callback's response within Feishu's three seconds, afterwards by a delayed update."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ..event import Event
from ..exception import ActionFailed
from ..logs import log
from .legacy_methods import LegacyMethods

if TYPE_CHECKING:
    from ..card import Card, RawCard, Template, Toast

    Answer = str | Toast | Card | Template | RawCard | Mapping[str, Any] | None
    """A toast, a card, or the whole response as JSON."""

RETRY_AFTER = 1.0
"""Seconds before a delayed update that Feishu considers too early is sent once more."""
_TOO_EARLY = 200810


def make_response(answer: Answer, toast: Toast | str | None, card: Any) -> dict[str, Any]:
    """Build the JSON of a response.

    Args:
        answer: a toast, a card, or the whole response.
        toast: a toast.
        card: a card.

    Raises:
        ValueError: a card breaks Feishu's limits, or there are two cards or toasts.
    """
    from ..card import CardEntity, Sendable, Toast, card_response  # only a plugin with cards loads what builds them

    if isinstance(answer, (str, Toast)):
        if toast is not None:
            raise ValueError("two toasts: give one")
        toast, answer = answer, None
    elif isinstance(answer, (Sendable, CardEntity)) or _is_card(answer):
        if card is not None:
            raise ValueError("two cards: give one")
        card, answer = answer, None
    return {**dict(answer or {}), **card_response(toast=toast, card=card)}


async def respond(bot: LegacyMethods, event: Event, response: dict[str, Any]) -> bool:
    """Answer a callback; see :meth:`Bot.respond`."""
    callback = event.callback
    if callback is not None and callback.answer(response):
        return True
    card = response.get("card")
    token = getattr(event, "token", "")
    if card is None or not token:
        what = "a toast" if "toast" in response else "this answer"
        template = "Bot {bot}: {} comes too late for {} and is dropped"
        log("WARNING", template, what, event.get_event_name(), bot=bot.self_id, event_id=event.header.event_id)
        return False
    if callback is not None:
        await asyncio.sleep(callback.seconds_until_settled())
    await _update_later(bot, token, card["data"] if card.get("type") == "raw" else card)
    return True


async def _update_later(bot: LegacyMethods, token: str, card: dict[str, Any]) -> None:
    """延时更新消息卡片: within 30 minutes, at most twice, and only after the callback itself was answered."""
    update = partial(bot.call_api, "card.delayed_update", token=token, card=card)
    try:
        await update()
    except ActionFailed as error:
        if error.code != _TOO_EARLY:
            raise
        await asyncio.sleep(RETRY_AFTER)
        await update()


def _is_card(answer: object) -> bool:
    return isinstance(answer, Mapping) and ("schema" in answer or "elements" in answer or "template_id" in answer)
