"""Typed methods: every one of them against the sandbox, what hooks see, and lists page by page."""

import json
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from nonebot.exception import MockApiException
from nonebug import App as Nonebug

from nonebot_adapter_feishu_ws import ActionFailed, Adapter, ApiNotAvailable, Bot, BotConfig, BotInfo
from nonebot_adapter_feishu_ws.api.call import to_request
from nonebot_adapter_feishu_ws.api.group import Method
from nonebot_adapter_feishu_ws.api.models import Message, Result
from nonebot_adapter_feishu_ws.api.paging import Paged
from nonebot_adapter_feishu_ws.api.registry import all_methods, find_group
from tests.conftest import APP

METHODS = all_methods()
CARD = {"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "hi"}]}}


@pytest.fixture
async def world(sandbox, run_adapter):
    """A bot in a group that it owns, with a message, a department, and a second person."""
    li, han = sandbox.add_user("Li Lei"), sandbox.add_user("Han Meimei")
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        chat_id = (await bot.chat.create("Group", user_id_list=[li.open_id])).chat_id
        message = await bot.im.create_message("chat_id", chat_id, "text", {"text": "hello"})
        sent = {"chat_id": chat_id, "message_id": message.message_id}
        people = sandbox.add_department("People", [li])
        below = sandbox.add_department("Below", [han], people)
        yield SimpleNamespace(bot=bot, sandbox=sandbox, li=li, han=han, people=people, below=below, **sent)


async def card_message(w) -> Any:
    return await w.bot.im.create_message("chat_id", w.chat_id, "interactive", CARD)


async def image(w) -> str:
    return (await w.bot.file.create_image(b"picture")).image_key


async def file(w) -> str:
    return (await w.bot.file.create_file(b"words", "a.txt")).file_key


async def resource(w) -> bytes:
    key = await image(w)
    message = await w.bot.im.create_message("chat_id", w.chat_id, "image", {"image_key": key})
    return await w.bot.im.get_resource(message.message_id, key, "image")


async def thread(w) -> Any:
    answer = await w.bot.im.reply_message(w.message_id, "text", {"text": "x"}, reply_in_thread=True)
    return await w.bot.im.forward_thread(answer.thread_id, "chat_id", w.chat_id)


async def follow_up(w) -> Any:
    private = w.sandbox.p2p(w.li, APP)
    message = await w.bot.im.create_message("chat_id", private.chat_id, "text", {"text": "x"})
    return await w.bot.im.push_follow_up(message.message_id, [{"content": "More"}])


async def patched(w) -> Any:
    return await w.bot.im.patch_message((await card_message(w)).message_id, CARD)


async def read_users(w) -> Any:
    await w.sandbox.read(w.li, w.sandbox.world.chats[w.chat_id])
    return await w.bot.im.list_read_users(w.message_id, "open_id").all()


async def reaction(w) -> Any:
    made = await w.bot.reaction.create(w.message_id, "SMILE")
    return await w.bot.reaction.delete(w.message_id, made.reaction_id)


async def joined(w) -> Any:
    public = await w.bot.chat.create("Public group", chat_type="public")
    w.sandbox.world.chats[public.chat_id].apps.clear()
    await w.bot.chat.join(public.chat_id)
    return (await w.bot.chat.is_in_chat(public.chat_id)).is_in_chat


async def menu(w) -> Any:
    return await w.bot.chat_menu.create(
        w.chat_id,
        {"chat_menu_top_levels": [{"chat_menu_item": {"name": name, "action_type": "NONE"}} for name in "ab"]},
    )


async def menu_ids(w) -> list[str]:
    return [each.chat_menu_top_level_id for each in (await menu(w)).chat_menu_top_levels]


async def menu_sorted(w) -> Any:
    tree = await w.bot.chat_menu.sort(w.chat_id, (await menu_ids(w))[::-1])
    return tree.chat_menu_top_levels[0].chat_menu_item.name


async def menu_deleted(w) -> Any:
    return len((await w.bot.chat_menu.delete(w.chat_id, (await menu_ids(w))[:1])).chat_menu_top_levels)


async def menu_item(w) -> Any:
    return (await w.bot.chat_menu.update_item(w.chat_id, (await menu_ids(w))[0], ["NAME"], {"name": "c"})).name


async def clicked(w) -> Any:
    message = w.sandbox.world.messages[(await card_message(w)).message_id]
    click = await w.sandbox.click(w.li, message, {"k": "v"})
    await w.bot.card.delayed_update(click.token, CARD)
    return click.uses


async def managers(w) -> Any:
    await w.bot.chat.add_managers(w.chat_id, [w.li.open_id])
    return (await w.bot.chat.remove_managers(w.chat_id, [w.li.open_id])).chat_managers


ALL: dict[str, Any] = {
    "im.create_message": (card_message, lambda w, r: r.msg_type == "interactive" and r.sender.id == APP),
    "im.reply_message": (
        lambda w: w.bot.im.reply_message(w.message_id, "text", '{"text": "b"}'),
        lambda w, r: r.parent_id == w.message_id,
    ),
    "im.get_message": (
        lambda w: w.bot.im.get_message(w.message_id),
        lambda w, r: json.loads(r.items[0].body.content) == {"text": "hello"},
    ),
    "im.list_messages": (
        lambda w: w.bot.im.list_messages("chat", w.chat_id).all(),
        lambda w, r: [each.message_id for each in r] == [w.message_id],
    ),
    "im.update_message": (
        lambda w: w.bot.im.update_message(w.message_id, "text", {"text": "c"}),
        lambda w, r: r.updated is True,
    ),
    "im.patch_message": (patched, lambda w, r: r is None),
    "im.delete_message": (
        lambda w: w.bot.im.delete_message(w.message_id),
        lambda w, r: w.sandbox.world.messages[w.message_id].deleted,
    ),
    "im.forward_message": (
        lambda w: w.bot.im.forward_message(w.message_id, "chat_id", w.chat_id),
        lambda w, r: r.message_id != w.message_id,
    ),
    "im.merge_forward_messages": (
        lambda w: w.bot.im.merge_forward_messages("chat_id", w.chat_id, [w.message_id, "om_none"]),
        lambda w, r: r.message.msg_type == "merge_forward" and r.invalid_message_id_list == ["om_none"],
    ),
    "im.forward_thread": (thread, lambda w, r: r.chat_id == w.chat_id),
    "im.list_read_users": (
        read_users,
        lambda w, r: [each.user_id for each in r] == [w.li.open_id],
    ),
    "im.push_follow_up": (follow_up, lambda w, r: r is None),
    "im.get_resource": (resource, lambda w, r: r == b"picture"),
    "file.create_image": (image, lambda w, r: r.startswith("img_")),
    "file.get_image": (lambda w: image_back(w), lambda w, r: r == b"picture"),
    "file.create_file": (file, lambda w, r: r.startswith("file_")),
    "file.get_file": (lambda w: file_back(w), lambda w, r: r == b"words"),
    "reaction.create": (
        lambda w: w.bot.reaction.create(w.message_id, "SMILE"),
        lambda w, r: r.reaction_type.emoji_type == "SMILE" and r.operator.operator_id == APP,
    ),
    "reaction.list": (lambda w: w.bot.reaction.list(w.message_id).all(), lambda w, r: r == []),
    "reaction.delete": (reaction, lambda w, r: r.reaction_id and not w.sandbox.world.reactions[w.message_id]),
    "pin.create": (lambda w: w.bot.pin.create(w.message_id), lambda w, r: r.message_id == w.message_id),
    "pin.list": (lambda w: pins(w), lambda w, r: [each.operator_id for each in r] == [APP]),
    "pin.delete": (lambda w: w.bot.pin.delete(w.message_id), lambda w, r: r is None),
    "urgent.app": (
        lambda w: w.bot.urgent.app(w.message_id, [w.li.open_id, "ou_none"]),
        lambda w, r: r.invalid_user_id_list == ["ou_none"],
    ),
    "urgent.sms": (
        lambda w: w.bot.urgent.sms(w.message_id, [w.li.user_id], "user_id"),
        lambda w, r: r.invalid_user_id_list == [],
    ),
    "urgent.phone": (
        lambda w: w.bot.urgent.phone(w.message_id, [w.li.open_id]),
        lambda w, r: r.invalid_user_id_list == [],
    ),
    "chat.create": (
        lambda w: w.bot.chat.create("New", group_message_type="thread"),
        lambda w, r: w.sandbox.world.chats[r.chat_id].mode == "topic",
    ),
    "chat.get": (lambda w: w.bot.chat.get(w.chat_id), lambda w, r: (r.name, r.user_count) == ("Group", "1")),
    "chat.update": (
        lambda w: w.bot.chat.update(w.chat_id, name="Renamed"),
        lambda w, r: w.sandbox.world.chats[w.chat_id].name == "Renamed",
    ),
    "chat.delete": (lambda w: w.bot.chat.delete(w.chat_id), lambda w, r: w.chat_id not in w.sandbox.world.chats),
    "chat.list": (lambda w: w.bot.chat.list().all(), lambda w, r: [each.chat_id for each in r] == [w.chat_id]),
    "chat.search": (lambda w: w.bot.chat.search("Gro").all(), lambda w, r: [each.name for each in r] == ["Group"]),
    "chat.get_link": (lambda w: w.bot.chat.get_link(w.chat_id, "permanently"), lambda w, r: r.is_permanent is True),
    "chat.list_members": (
        lambda w: w.bot.chat.list_members(w.chat_id).all(),
        lambda w, r: [each.name for each in r] == ["Li Lei"],
    ),
    "chat.add_members": (
        lambda w: w.bot.chat.add_members(w.chat_id, [w.han.open_id, "ou_none"], succeed_type=1),
        lambda w, r: r.invalid_id_list == ["ou_none"] and w.han.open_id in w.sandbox.world.chats[w.chat_id].members,
    ),
    "chat.remove_members": (
        lambda w: w.bot.chat.remove_members(w.chat_id, [w.li.open_id]),
        lambda w, r: r.invalid_id_list == [] and w.sandbox.world.chats[w.chat_id].members == [],
    ),
    "chat.join": (joined, lambda w, r: r is True),
    "chat.is_in_chat": (lambda w: w.bot.chat.is_in_chat(w.chat_id), lambda w, r: r.is_in_chat is True),
    "chat.add_managers": (
        lambda w: w.bot.chat.add_managers(w.chat_id, [w.li.open_id]),
        lambda w, r: r.chat_managers == [w.li.open_id],
    ),
    "chat.remove_managers": (managers, lambda w, r: r == []),
    "chat.get_announcement": (lambda w: w.bot.chat.get_announcement(w.chat_id), lambda w, r: r.revision == "0"),
    "chat.update_moderation": (
        lambda w: w.bot.chat.update_moderation(w.chat_id, "only_owner"),
        lambda w, r: r is None,
    ),
    "chat.put_top_notice": (
        lambda w: w.bot.chat.put_top_notice(w.chat_id, [{"action_type": "1", "message_id": w.message_id}]),
        lambda w, r: r is None,
    ),
    "chat.delete_top_notice": (lambda w: w.bot.chat.delete_top_notice(w.chat_id), lambda w, r: r is None),
    "chat_menu.get": (lambda w: w.bot.chat_menu.get(w.chat_id), lambda w, r: r.chat_menu_top_levels == []),
    "chat_menu.create": (menu, lambda w, r: [e.chat_menu_item.name for e in r.chat_menu_top_levels] == ["a", "b"]),
    "chat_menu.sort": (menu_sorted, lambda w, r: r == "b"),
    "chat_menu.delete": (menu_deleted, lambda w, r: r == 1),
    "chat_menu.update_item": (menu_item, lambda w, r: r == "c"),
    "contact.get_user": (
        lambda w: w.bot.contact.get_user(w.li.user_id, user_id_type="user_id"),
        lambda w, r: (r.open_id, r.name, r.status.is_activated) == (w.li.open_id, "Li Lei", True),
    ),
    "contact.batch_users": (
        lambda w: w.bot.contact.batch_users([w.li.open_id, w.han.open_id]),
        lambda w, r: [each.name for each in r.items] == ["Li Lei", "Han Meimei"],
    ),
    "contact.batch_get_id": (
        lambda w: w.bot.contact.batch_get_id(emails=["no@one"], mobiles=[w.li.mobile]),
        lambda w, r: [each.user_id for each in r.user_list] == [None, w.li.open_id],
    ),
    "contact.list_users": (
        lambda w: w.bot.contact.list_users(w.people.open_department_id).all(),
        lambda w, r: [each.name for each in r] == ["Li Lei"],
    ),
    "contact.get_department": (
        lambda w: w.bot.contact.get_department("D001", department_id_type="department_id"),
        lambda w, r: (r.name, r.member_count) == ("People", 2),
    ),
    "contact.batch_departments": (
        lambda w: w.bot.contact.batch_departments([w.below.open_department_id]),
        lambda w, r: [each.name for each in r.items] == ["Below"],
    ),
    "contact.list_children": (
        lambda w: w.bot.contact.list_children("0", fetch_child=True).all(),
        lambda w, r: [each.name for each in r] == ["People", "Below"],
    ),
    "contact.list_parents": (
        lambda w: w.bot.contact.list_parents(w.below.open_department_id).all(),
        lambda w, r: [each.name for each in r] == ["People"],
    ),
    "contact.get_scope": (
        lambda w: w.bot.contact.get_scope(),
        lambda w, r: r.user_ids == [w.li.open_id, w.han.open_id] and r.has_more is False,
    ),
    "card.delayed_update": (clicked, lambda w, r: r == 1),
    "app.get_bot": (lambda w: w.bot.app.get_bot(), lambda w, r: (r.app_name, r["activate_status"]) == ("Bot A", 2)),
    "app.list_scopes": (
        lambda w: w.bot.app.list_scopes(),
        lambda w, r: {"im:message", "contact:contact"} <= {each.scope_name for each in r.scopes},
    ),
    "app.get_connections": (lambda w: w.bot.app.get_connections(), lambda w, r: r.online_instance_cnt == 1),
    "app.get_application": (lambda w: w.bot.app.get_application(), lambda w, r: r.status == 1),
}
ELEMENTS = [{"tag": "markdown", "content": "one", "element_id": "e"}, {"tag": "hr", "element_id": "line"}]
ENTITY = {"schema": "2.0", "config": {"streaming_mode": True, "update_multi": True}, "body": {"elements": ELEMENTS}}


def changed(change: Callable[[Any, str], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
    """A call on a card entity of its own; its result is the card as it is then."""

    async def call(w) -> Any:
        card_id = (await w.bot.card.create(ENTITY)).card_id
        await change(w, card_id)
        return w.sandbox.world.entities[card_id].card

    return call


def elements(card: Any) -> list[Any]:
    return [(element["tag"], element.get("content")) for element in card["body"]["elements"]]


async def converted(w) -> Any:
    card_id = (await w.bot.card.create(ENTITY)).card_id
    content = json.dumps({"type": "card", "data": {"card_id": card_id}})
    sent = await w.bot.im.create_message("chat_id", w.chat_id, "interactive", content)
    return (await w.bot.card.convert_id(sent.message_id)).card_id == card_id


NEW = {"action": "partial_update_element", "params": {"element_id": "e", "partial_element": {"content": "two"}}}
CARDKIT: dict[str, Any] = {
    "card.create": (
        lambda w: w.bot.card.create(ENTITY),
        lambda w, r: w.sandbox.world.entities[r.card_id].card["body"]["elements"] == ELEMENTS,
    ),
    "card.update": (
        changed(lambda w, c: w.bot.card.update(c, CARD, 1)),
        lambda w, r: elements(r) == [("markdown", "hi")],
    ),
    "card.update_settings": (
        changed(lambda w, c: w.bot.card.update_settings(c, {"config": {"streaming_mode": False}}, 1)),
        lambda w, r: r["config"]["streaming_mode"] is False,
    ),
    "card.batch_update": (
        changed(lambda w, c: w.bot.card.batch_update(c, [NEW], 1)),
        lambda w, r: elements(r)[0] == ("markdown", "two"),
    ),
    "card.convert_id": (converted, lambda w, r: r),
    "card.create_elements": (
        changed(lambda w, c: w.bot.card.create_elements(c, [{"tag": "markdown", "content": "new"}], 1)),
        lambda w, r: elements(r)[-1] == ("markdown", "new"),
    ),
    "card.update_element": (
        changed(lambda w, c: w.bot.card.update_element(c, "e", {"tag": "markdown", "content": "whole"}, 1)),
        lambda w, r: elements(r)[0] == ("markdown", "whole"),
    ),
    "card.patch_element": (
        changed(lambda w, c: w.bot.card.patch_element(c, "e", {"content": "part"}, 1)),
        lambda w, r: elements(r)[0] == ("markdown", "part"),
    ),
    "card.delete_element": (
        changed(lambda w, c: w.bot.card.delete_element(c, "line", 1)),
        lambda w, r: elements(r) == [("markdown", "one")],
    ),
    "card.stream_content": (
        changed(lambda w, c: w.bot.card.stream_content(c, "e", "one two", 1)),
        lambda w, r: elements(r)[0] == ("markdown", "one two"),
    ),
}
ALL |= CARDKIT


async def image_back(w) -> bytes:
    return await w.bot.file.get_image(await image(w))


async def file_back(w) -> bytes:
    return await w.bot.file.get_file(await file(w))


async def pins(w) -> Any:
    await w.bot.pin.create(w.message_id)
    return await w.bot.pin.list(w.chat_id).all()


def test_every_typed_method_has_a_call_here():
    assert set(METHODS) == set(ALL)


@pytest.mark.parametrize("name", ALL)
async def test_a_typed_method_reaches_its_endpoint(world, name):
    seen: list[str] = []

    async def hook(bot, api, data):
        seen.append(api)
        json.dumps(data, default=lambda value: value.decode() if isinstance(value, bytes) else None)

    Bot._calling_api_hook.add(hook)
    try:
        call, is_right = ALL[name]
        result = await call(world)
    finally:
        Bot._calling_api_hook.discard(hook)
    assert name in seen
    assert is_right(world, result), result


@pytest.mark.parametrize("name", METHODS)
def test_documents_say_what_a_method_does(name):
    group, _, method = name.partition(".")
    doc = vars(find_group(group))[method].__doc__
    assert "Scopes" in doc
    for argument in METHODS[name].parameters:
        assert argument == "page_token" or f"{argument}: " in doc, argument


async def test_nonebug_sees_a_readable_name_and_plain_data(app: Nonebug):
    async with app.test_api() as ctx:
        adapter = ctx.create_adapter(base=Adapter)
        config = BotConfig(app_id=APP, app_secret="s" * 16)
        bot = ctx.create_bot(base=Bot, adapter=adapter, self_id=APP, bot_config=config, bot_info=BotInfo())
        ctx.should_call_api(
            "im.create_message",
            {"receive_id_type": "chat_id", "receive_id": "oc_1", "msg_type": "text", "content": {"text": "hi"}},
            {"code": 0, "data": {"message_id": "om_1"}},
        )
        message = await bot.im.create_message("chat_id", "oc_1", "text", {"text": "hi"})
        assert message.message_id == message["message_id"] == "om_1"
        ctx.should_call_api("chat.list", {"page_size": 1}, {"data": {"items": [{"name": "a"}], "has_more": False}})
        assert [chat.name async for chat in bot.chat.list(page_size=1)] == ["a"]


async def test_a_hook_may_answer_instead_of_feishu(world):
    async def hook(bot, api, data):
        if api == "chat.get":
            raise MockApiException(result={"data": {"name": "mocked"}})

    Bot._calling_api_hook.add(hook)
    try:
        assert (await world.bot.chat.get("oc_1")).name == "mocked"
    finally:
        Bot._calling_api_hook.discard(hook)


async def test_a_name_can_be_called_without_the_typed_method(world):
    body = await world.bot.call_api("chat.get", chat_id=world.chat_id)
    assert (body["code"], body["data"]["name"]) == (0, "Group")
    key = await world.bot.call_api("file.create_file", file=b"x", file_name="x")
    assert key["data"]["file_key"], "defaults count here, too"


async def test_the_old_name_of_the_group_menus_raises_and_names_the_new_one(world):
    with pytest.raises(ApiNotAvailable, match=r"use bot\.chat_menu"):
        _ = world.bot.menu
    with pytest.raises(ApiNotAvailable, match=r"use chat_menu\.get"):
        await world.bot.call_api("menu.get", chat_id=world.chat_id)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("chat.get", {}, "chat.get needs chat_id"),
        ("chat.get", {"chat_id": ""}, "part of the address"),
        ("chat.get", {"chat_id": "oc_1", "wrong": 1}, "no argument 'wrong'"),
        ("app.list_scopes", {"wrong": 1}, "takes none"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(name, data, says):
    with pytest.raises(ValueError, match=says):
        to_request(name, METHODS[name], data, lambda: "u")


def test_a_request_has_everything_in_its_place():
    path, options = to_request(
        "im.forward_message",
        METHODS["im.forward_message"],
        {"message_id": "a/../b?", "receive_id_type": "chat_id", "receive_id": "oc_1", "_timeout": 5},
        lambda: "u1",
    )
    assert path == "im/v1/messages/a%2F..%2Fb%3F/forward"
    assert options == {
        "method": "POST",
        "_timeout": 5,
        "params": [("receive_id_type", "chat_id"), ("uuid", "u1")],
        "json": {"receive_id": "oc_1"},
    }


def test_lists_and_booleans_in_a_query():
    method = Method("GET", "x", ("ids", "deep"), ())
    params = to_request("x.y", method, {"ids": ["a", "b"], "deep": True}, lambda: "u")[1]["params"]
    assert params == [("ids", "a"), ("ids", "b"), ("deep", "true")]


def test_what_is_given_is_not_changed():
    data = {"card_id": "c", "data": {"a": 1}, "sequence": 3}
    _, options = to_request("card.update", METHODS["card.update"], data, lambda: "u")
    assert options["json"] == {
        "card": {"type": "card_json", "data": '{"a": 1}'},
        "sequence": 3,
        "uuid": "u",
    }
    assert data == {"card_id": "c", "data": {"a": 1}, "sequence": 3}


@pytest.mark.usefixtures("unlimited_sends")
async def test_pages_are_fetched_when_they_are_needed(world):
    for number in range(24):
        await world.bot.im.create_message("chat_id", world.chat_id, "text", {"text": str(number)})
    asked = lambda: len([r for r in world.sandbox.requests if r.method == "GET" and r.path == "im/v1/messages"])  # noqa: E731
    messages = world.bot.im.list_messages("chat", world.chat_id, page_size=10)
    assert asked() == 0
    seen = 0
    async for _ in messages:
        seen += 1
        assert asked() == (seen - 1) // 10 + 1
    assert (seen, asked()) == (25, 3)
    assert len(await world.bot.im.list_messages("chat", world.chat_id, page_size=10, limit=10).all()) == 10
    assert asked() == 4, "the limit was reached with the first page"


async def test_the_same_page_token_again_ends_the_list():
    async def fetch(token):
        return {"items": [{"message_id": "om"}], "has_more": True, "page_token": "same"}

    assert len(await Paged(fetch, Message).all()) == 2
    assert await Paged(fetch, Message, limit=0).all() == []
    with pytest.raises(ValueError, match="limit"):
        Paged(fetch, Message, limit=-1)


async def test_errors_of_feishu_are_raised(world):
    with pytest.raises(ActionFailed, match="232006"):
        await world.bot.chat.get("oc_none")
    world.sandbox.world.messages[world.message_id].sender_id = "cli_other"
    with pytest.raises(ActionFailed, match="230012"):
        await world.bot.urgent.app(world.message_id, [world.li.open_id])


def test_a_result_is_also_the_raw_dict():
    raw = {"message_id": "om", "create_time": 5, "sender": {"id": "x"}, "mentions": None, "new": 1, "deleted": {}}
    message = Message.model_validate(raw)
    assert dict(message) == raw
    assert (message["sender"]["id"], message.sender.id, message.get("none", 2), "new" in message) == ("x", "x", 2, True)
    assert (message.create_time, message.mentions, message.deleted) == ("5", [], None), "odd values do no harm"
    with pytest.raises(KeyError):
        message["none"]
    assert Result.model_validate({"a": 1})["a"] == 1
