"""Card entities of the sandbox: what CardKit demands and refuses."""

import json
import time

import pytest

from nonebot_adapter_feishu_ws import ActionFailed, Bot, CardActionEvent, on_card_action
from nonebot_adapter_feishu_ws.card import Card, Markdown
from nonebot_adapter_feishu_ws.sandbox.rest.cardkit import shown_content
from tests.conftest import APP

CARDS = "cardkit/v1/cards"
OTHER, OTHER_SECRET = "cli_b0b1c2d3e4f56789", "secret-of-cli-b-0123456789"


def card(*elements: dict, **config: object) -> dict:
    first = {"tag": "markdown", "content": "old", "element_id": "text"}
    config = {"streaming_mode": True, **config}
    return {"schema": "2.0", "config": config, "body": {"elements": [first, *elements]}}


class Client:
    """A bot's calls to CardKit, counted up."""

    def __init__(self, bot):
        self.bot, self.sequence = bot, 0

    async def create(self, data: object = None, kind: str = "card_json") -> str:
        data = json.dumps(card() if data is None else data)
        answer = await self.bot.call_api(CARDS, method="POST", json={"type": kind, "data": data})
        return answer["data"]["card_id"]

    async def do(self, method: str, path: str, **body: object) -> None:
        self.sequence += 1
        json = {"sequence": self.sequence, **body}
        json = {k: v for k, v in json.items() if v is not None}
        await self.bot.call_api(f"{CARDS}/{path}", method=method, json=json, _deadline=0.0)

    async def write(self, card_id: str, text: str = "new", element: str = "text", **body: object) -> None:
        await self.do("PUT", f"{card_id}/elements/{element}/content", content=text, **body)

    async def send(self, card_id: str, chat) -> str:
        content = json.dumps({"type": "card", "data": {"card_id": card_id}})
        return (await self.bot.send_msg("chat_id", chat.chat_id, content, "interactive"))["message_id"]


@pytest.fixture
async def client(run_adapter):
    async with run_adapter() as adapter:
        yield Client(adapter.bots[APP])


async def refused(code: int, call) -> ActionFailed:
    with pytest.raises(ActionFailed) as caught:
        await call
    assert caught.value.code == code
    return caught.value


async def test_text_streams_into_a_sent_entity(sandbox, client):
    chat = sandbox.p2p(sandbox.add_user("Li Lei"), APP)
    card_id = await client.create()
    assert card_id.isdigit()
    assert len(card_id) <= 20
    message_id = await client.send(card_id, chat)
    version = sandbox.world.version
    await client.write(card_id)
    assert sandbox.world.version > version
    shown = json.loads(shown_content(sandbox.world, sandbox.world.messages[message_id].content))
    assert shown["body"]["elements"][0]["content"] == "new"
    converted = await client.bot.call_api(f"{CARDS}/id_convert", method="POST", json={"message_id": message_id})
    assert converted["data"] == {"card_id": card_id}


async def test_a_card_that_was_sent_as_json_gets_an_entity(sandbox, client):
    chat = sandbox.p2p(sandbox.add_user("Li Lei"), APP)
    sent = await client.bot.send_msg("chat_id", chat.chat_id, json.dumps(card()), "interactive")
    converted = await client.bot.call_api(f"{CARDS}/id_convert", method="POST", json={"message_id": sent["message_id"]})
    await client.write(converted["data"]["card_id"], "streamed")
    assert "streamed" in shown_content(sandbox.world, sandbox.world.messages[sent["message_id"]].content)
    await refused(10002, client.bot.call_api(f"{CARDS}/id_convert", method="POST", json={"message_id": "om_x"}))


async def test_the_scope_is_needed_everywhere(sandbox, client):
    card_id = await client.create()
    sandbox.world.apps[APP].scopes -= {"cardkit:card:write"}
    for call in (client.create(), client.write(card_id), client.do("PATCH", f"{card_id}/settings", settings="{}")):
        assert (await refused(99991672, call)).missing_scopes == ["cardkit:card:write"]


@pytest.mark.parametrize(
    ("code", "data"),
    [
        (10002, []),
        (300307, {}),
        (300303, {"elements": []}),
        (300302, card(update_multi=False)),
        (200860, card({"tag": "markdown", "content": "x" * 31_000})),
        (300301, card({"tag": "markdown", "content": "x", "element_id": "text"})),
        (300305, card(*({"tag": "markdown", "content": str(number)} for number in range(201)))),
        (200220, card({"tag": "note"})),
    ],
)
async def test_what_cannot_become_an_entity(client, code, data):
    await refused(code, client.create(data))


async def test_an_entity_is_sent_once_and_by_its_own_app(sandbox, client, run_adapter):
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    card_id = await client.create()
    sandbox.add_app(OTHER, OTHER_SECRET)
    async with run_adapter([{"app_id": OTHER, "app_secret": OTHER_SECRET}]) as adapter:
        other = Client(adapter.bots[OTHER])
        await refused(300311, other.write(card_id))
        await refused(230099, other.send(card_id, sandbox.p2p(user, OTHER)))
    await client.send(card_id, chat)
    await refused(230099, client.send(card_id, chat))
    await refused(230099, client.send("7123456789012345678", chat))


async def test_sequences_grow_and_uuids_are_unique(client):
    card_id = await client.create()
    await client.write(card_id, uuid="one")
    await refused(300317, client.write(card_id, sequence=1))
    await refused(200770, client.write(card_id, uuid="one"))
    await refused(10002, client.write(card_id, sequence="9"))
    await refused(300317, client.write(card_id, sequence=0))
    await refused(200740, client.write("7123456789012345678"))


async def test_ten_operations_per_second_per_entity(sandbox, client):
    now = time.time()
    sandbox.world.clock = lambda: now
    first, second = await client.create(), await client.create()
    for _ in range(10):
        await client.write(first)
    await refused(230020, client.write(first))
    await client.write(second)
    now += 1
    await client.write(first)
    sandbox.limits.per_card = None
    for _ in range(20):
        await client.write(first)


async def test_streaming_needs_the_mode_which_ends_by_itself(sandbox, client):
    card_id = await client.create(card(streaming_mode=False))
    await refused(300309, client.write(card_id))
    on = json.dumps({"config": {"streaming_mode": True}})
    await client.do("PATCH", f"{card_id}/settings", settings=on)
    await client.write(card_id)
    sandbox.world.entities[card_id].opened_at -= 600
    await refused(200850, client.write(card_id))
    await refused(300309, client.write(card_id))
    await client.do("PATCH", f"{card_id}/settings", settings=on)
    await client.write(card_id)
    sandbox.world.entities[card_id].created_at -= 15 * 86400
    await refused(200750, client.write(card_id))


async def test_what_cannot_be_streamed(client):
    card_id = await client.create(card({"tag": "hr", "element_id": "line"}))
    await refused(300310, client.write(card_id, element="line"))
    await refused(300313, client.write(card_id, element="none"))
    await refused(10002, client.write(card_id, ""))
    await refused(200860, client.write(card_id, "字" * 11_000))
    await client.write(card_id, "still usable")


async def test_components_are_added_changed_and_removed(sandbox, client):
    sandbox.limits.per_card = None
    card_id = await client.create()

    def names() -> list[str]:
        return [each.get("element_id") for each in sandbox.world.entities[card_id].card["body"]["elements"]]

    def element(name: str) -> str:
        return json.dumps({"tag": "markdown", "content": name, "element_id": name})

    elements = f"{card_id}/elements"
    await client.do("POST", elements, type="append", elements=f"[{element('last')}]")
    await client.do("POST", elements, type="insert_before", target_element_id="text", elements=f"[{element('first')}]")
    await client.do("POST", elements, type="insert_after", target_element_id="text", elements=f"[{element('mid')}]")
    assert names() == ["first", "text", "mid", "last"]
    await client.do("DELETE", f"{elements}/mid")
    await client.do("PUT", f"{elements}/last", element=json.dumps({"tag": "hr", "element_id": "end"}))
    await client.do("PATCH", f"{elements}/first", partial_element=json.dumps({"content": "changed"}))
    assert names() == ["first", "text", "end"]
    assert sandbox.world.entities[card_id].card["body"]["elements"][0]["content"] == "changed"
    await refused(300312, client.do("PATCH", f"{elements}/first", partial_element=json.dumps({"tag": "hr"})))
    await refused(300313, client.do("PATCH", f"{elements}/none", partial_element="{}"))
    await refused(300314, client.do("DELETE", f"{elements}/none"))
    await refused(300315, client.do("POST", elements, type="insert_after", target_element_id="none", elements="[]"))


async def test_a_batch_is_all_or_nothing(sandbox, client):
    card_id = await client.create()
    actions = [
        {"action": "partial_update_setting", "params": {"settings": {"config": {"streaming_mode": False}}}},
        {"action": "partial_update_element", "params": {"element_id": "text", "partial_element": {"content": "new"}}},
        {"action": "add_elements", "params": {"type": "append", "elements": [{"tag": "hr", "element_id": "line"}]}},
        {"action": "update_element", "params": {"element_id": "line", "element": {"tag": "hr", "element_id": "end"}}},
        {"action": "delete_elements", "params": {"element_ids": ["none"]}},
    ]
    path = f"{card_id}/batch_update"
    await refused(300314, client.do("POST", path, actions=json.dumps(actions)))
    assert sandbox.world.entities[card_id].card == card()
    await client.do("POST", path, actions=json.dumps(actions[:-1]))
    now = sandbox.world.entities[card_id].card
    assert (now["config"]["streaming_mode"], now["body"]["elements"][0]["content"]) == (False, "new")
    assert now["body"]["elements"][1]["element_id"] == "end"
    await refused(10002, client.do("POST", path, actions='[{"action": "dance"}]'))


async def test_a_whole_card_is_replaced_and_settings_are_checked(sandbox, client):
    card_id = await client.create()
    new = card(streaming_mode=False)
    await client.do("PUT", card_id, card={"type": "card_json", "data": json.dumps(new)})
    assert sandbox.world.entities[card_id].card == new
    await refused(300303, client.do("PUT", card_id, card={"type": "card_json", "data": '{"elements": []}'}))
    await refused(10002, client.do("PUT", card_id, card={"type": "template", "data": "{}"}))
    await refused(300122, client.do("PATCH", f"{card_id}/settings", settings='{"body": {}}'))
    off = json.dumps({"config": {"update_multi": False}})
    await refused(300302, client.do("PATCH", f"{card_id}/settings", settings=off))


async def test_the_page_shows_the_entity_as_it_is(sandbox, client):
    import aiohttp

    sandbox.populate_default()
    chat = next(chat for chat in sandbox.world.chats.values() if chat.mode == "p2p")
    card_id = await client.create()
    await client.send(card_id, chat)
    await client.write(card_id, "now")
    async with aiohttp.ClientSession() as session, session.get(f"{sandbox.url}/sandbox/v1/state") as response:
        state = await response.json()
    assert json.loads(state["chats"][0]["last"]["body"]["content"])["body"]["elements"][0]["content"] == "now"


async def test_the_official_sdk_streams_into_an_entity(sandbox, client):
    lark = await client.bot.get_lark()
    from lark_oapi.api.cardkit.v1 import (
        ContentCardElementRequest,
        ContentCardElementRequestBody,
        CreateCardRequest,
        CreateCardRequestBody,
        SettingsCardRequest,
        SettingsCardRequestBody,
    )

    data = CreateCardRequestBody.builder().type("card_json").data(json.dumps(card())).build()
    created = await lark.cardkit.v1.card.acreate(CreateCardRequest.builder().request_body(data).build())
    assert created.success(), created.msg
    card_id = created.data.card_id
    content = ContentCardElementRequestBody.builder().content("by the SDK").sequence(1).uuid("u1").build()
    request = ContentCardElementRequest.builder().card_id(card_id).element_id("text").request_body(content).build()
    assert (await lark.cardkit.v1.card_element.acontent(request)).success()
    off = SettingsCardRequestBody.builder().settings('{"config":{"streaming_mode":false}}').sequence(2).build()
    settled = await lark.cardkit.v1.card.asettings(
        SettingsCardRequest.builder().card_id(card_id).request_body(off).build()
    )
    assert settled.success()
    again = await lark.cardkit.v1.card_element.acontent(request)
    assert (again.code, again.success()) == (200770, False)
    shown = sandbox.world.entities[card_id].card
    assert (shown["body"]["elements"][0]["content"], shown["config"]["streaming_mode"]) == ("by the SDK", False)


async def test_while_somebody_waits_for_the_answer_to_a_click_the_card_stays(sandbox, client, matchers):
    """流式更新卡片: as long as the callback is not answered, operations are refused with 200810."""
    codes: list[int] = []
    click_handler = on_card_action(priority=1, block=True)
    matchers(click_handler)
    user = sandbox.add_user("Li Lei")
    chat = sandbox.p2p(user, APP)
    button = {"tag": "button", "element_id": "b", "text": {"tag": "plain_text", "content": "Go"}}
    card_id = await client.create(card({**button, "behaviors": [{"type": "callback", "value": {"k": "v"}}]}))
    message_id = await client.send(card_id, chat)

    @click_handler.handle()
    async def _(bot: Bot, event: CardActionEvent):
        codes.append((await refused(200810, client.write(card_id))).code)
        # And what answers the click cannot replace a card that streams.
        await bot.respond(event, card=Card([Markdown("replaced")]))

    click = await sandbox.click(user, sandbox.world.messages[message_id], {"k": "v"})
    assert codes == [200810]
    assert "streaming mode" in click.error
    assert sandbox.world.entities[card_id].card["body"]["elements"][0]["content"] == "old"
    await client.write(card_id)


async def test_components_are_added_to_containers_and_beside_what_exists(client):
    card_id = await client.create()
    new = json.dumps([{"tag": "markdown", "content": "new", "element_id": "new"}])
    await refused(300315, client.do("POST", f"{card_id}/elements", type="insert_before", elements=new))
    body = {"type": "append", "target_element_id": "text", "elements": new}
    await refused(300315, client.do("POST", f"{card_id}/elements", **body))
