"""Clicks on cards (卡片回传交互回调), their answers, and 延时更新消息卡片."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...net.bounded_json import as_object, is_object
from ..delivery import Delivery
from ..events import user_ids
from ..gateway import ACK_TIMEOUT, Gateway
from ..state import TENANT, App, Message, User, World, new_id
from .call import ApiError, Call, ensure
from .cardkit import streams
from .content import check_card, check_content

TOKEN_LIFETIME = 1800.0
MAX_USES = 2
MAX_TOKENS = 5_000
EVENT = "card.action.trigger"


@dataclass(slots=True)
class Click:
    """One click on a card and what became of it.

    Attributes:
        token: for the delayed update, good for 30 minutes and twice.
        toast: from the bot's answer: ``{"type", "content"}``.
        card: from the bot's answer: ``{"type", "data"}``, already shown.
        error: what the person sees when it went wrong.
    """

    app_id: str
    message_id: str
    token: str
    clicked_at: float
    delivery: Delivery
    toast: dict[str, Any] | None = None
    card: dict[str, Any] | None = None
    error: str | None = None
    uses: int = 0


class Cards:
    """Clicks: pushed to the bot, answered, and redeemable for a delayed update."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway
        self._clicks: OrderedDict[str, Click] = OrderedDict()

    async def click(self, user: User, message: Message, action: Mapping[str, Any], transport: str = "auto") -> Click:
        """Push a click, wait for its answer, show the new card.

        Raises:
            ValueError: the message is no card of a bot.
        """
        app = self._world.apps.get(message.sender_id)
        if app is None or message.msg_type != "interactive" or message.deleted:
            raise ValueError("only a card that a bot sent and did not recall can be clicked")
        token = new_id("c").replace("_", "-")
        event = _event(app, user, message, action, token)
        # Callbacks carry microseconds, unlike events.
        created = str(self._world.now_ms() * 1000)
        delivery = self._gateway.push_event(app.app_id, EVENT, event, transport, once=True, create_time=created)
        click = Click(app.app_id, message.message_id, token, self._world.clock(), delivery)
        self._clicks[token] = click
        if len(self._clicks) > MAX_TOKENS:
            self._clicks.popitem(last=False)
        number = self._gateway.journal.add("click", app.app_id, click, self._world.clock())
        self._world.clicked.add(message.message_id)
        try:
            return await self._answered(click, message)
        finally:
            self._world.clicked.discard(message.message_id)
            self._gateway.journal.changed(number)

    async def _answered(self, click: Click, message: Message) -> Click:
        delivery = click.delivery
        try:
            await asyncio.wait_for(delivery.acked.wait(), ACK_TIMEOUT)
        except TimeoutError:
            click.error = "the bot did not answer within 3 s"
            return click
        if delivery.ack_code != 200:
            click.error = f"the bot answered with {delivery.ack_code}"
            return click
        await self._take_answer(click, message)
        return click

    async def _take_answer(self, click: Click, message: Message) -> None:
        answer = as_object(click.delivery.answer)
        click.toast = as_object(answer.get("toast")) or None
        if (card := answer.get("card")) is None:
            return
        if streams(self._world, message.message_id):
            click.error = "the card is in streaming mode, so an answer cannot replace it: use CardKit's operations"
            return
        try:
            content = _answered_card(card)
            check_content(self._world, "interactive", content)
        except (ApiError, ValueError) as error:
            click.error = f"the card in the answer is wrong: {error}"
            return
        click.card = card
        await self._world.change_content(message, content)

    async def update(self, call: Call) -> dict[str, Any]:
        """延时更新消息卡片."""
        click = self._redeemable(call)
        card = call.json.get("card")
        if not is_object(card):
            raise ApiError(10002, "card is invalid")
        fields = card.copy()
        open_ids = fields.pop("open_ids", None)
        message = self._world.messages.get(click.message_id)
        if message is None or message.deleted:
            raise ApiError(200000, "the card message has been recalled")
        config = as_object(fields.get("config"))
        shared = fields.get("schema") == "2.0" or config.get("update_multi") or "type" in fields
        ensure(bool(shared or open_ids), 300090, "open_ids is required for a card that is not shared")
        try:
            check_card(fields)
        except ApiError as error:
            raise ApiError(11311, error.msg) from None
        content = json.dumps(fields, ensure_ascii=False)
        check_content(self._world, "interactive", content)
        click.uses += 1
        await self._world.change_content(message, content)
        return {"code": 0, "msg": "ok"}

    def _redeemable(self, call: Call) -> Click:
        token = str(call.json.get("token"))
        ensure(token.startswith("c-"), 300020, "the token's format is wrong")
        click = self._clicks.get(token)
        if click is None or self._world.clock() - click.clicked_at >= TOKEN_LIFETIME:
            raise ApiError(300030, "the token is invalid or has expired")
        ensure(click.app_id == call.app.app_id, 200310, "the card was sent by another app")
        ensure(click.uses < MAX_USES, 300040, "the token was used too often")
        ensure(click.delivery.acked.is_set(), 200810)
        return click


def _event(app: App, user: User, message: Message, action: Mapping[str, Any], token: str) -> dict[str, Any]:
    return {
        "operator": {"tenant_key": TENANT, **user_ids(user, app)},
        "token": token,
        "action": {"timezone": "Asia/Shanghai", **{key: each for key, each in action.items() if each is not None}},
        "host": "im_message",
        "context": {"open_message_id": message.message_id, "open_chat_id": message.chat_id},
    }


def _answered_card(card: object) -> str:
    fields = as_object(card)
    kind, data = fields.get("type"), fields.get("data")
    if kind not in ("raw", "template") or not isinstance(data, dict):
        raise ValueError('"card" must be {"type": "raw" or "template", "data": {...}}')
    return json.dumps(data if kind == "raw" else card, ensure_ascii=False)
