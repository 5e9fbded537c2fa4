"""The official SDK's typed client and our typed methods get the same answers from the same endpoints."""

import asyncio
from typing import Any

import pytest

from tests.conftest import APP, SECRET
from tests.peers.sdk_typed import answers


def without_nothing(value: Any) -> Any:
    """The SDK leaves out what is null, and reads some texts of digits as numbers."""
    if isinstance(value, dict):
        return {key: without_nothing(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nothing(each) for each in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.usefixtures("no_sdk_token")
async def test_the_sdk_gets_the_same_answers(sandbox, run_adapter):
    li = sandbox.add_user("Li Lei")
    han = sandbox.add_user("Han Meimei")
    people = sandbox.add_department("People", [li])
    below = sandbox.add_department("Below", [han], people)
    async with run_adapter() as adapter:
        bot = adapter.bots[APP]
        chat = (await bot.chat.create("Group", user_id_list=[li.open_id])).chat_id
        om = (await bot.im.create_message("chat_id", chat, "text", {"text": "hi"})).message_id
        await bot.pin.create(om)
        await bot.reaction.create(om, "SMILE")
        item = {"chat_menu_item": {"name": "a", "action_type": "NONE"}}
        await bot.chat_menu.create(chat, {"chat_menu_top_levels": [item]})
        ids, od = [li.open_id, "ou_none"], people.open_department_id
        mails = [li.email]
        in_chat, on_om = {"chat_id": chat}, {"message_id": om}
        members = {**in_chat, "member_id_type": "open_id"}
        urgent = {**on_om, "user_id_type": "open_id"}
        page = {"page_size": 2}
        # The SDK's call, and ours: name and arguments.
        pairs: list[tuple[list[Any], str, dict[str, Any]]] = [
            # First what changes something; made again by us it changes nothing.
            (
                ["im", "chat_managers", "add_managers", members, {"manager_ids": ids[:1]}],
                "chat.add_managers",
                {**members, "manager_ids": ids[:1]},
            ),
            (["im", "chat", "get", in_chat, None], "chat.get", in_chat),
            (["im", "chat", "list", page, None], "chat.list", page),
            (["im", "chat", "search", {"query": "Gr"}, None], "chat.search", {"query": "Gr"}),
            (["im", "chat_members", "get", in_chat, None], "chat.list_members", in_chat),
            (["im", "chat_members", "is_in_chat", in_chat, None], "chat.is_in_chat", in_chat),
            (
                ["im", "chat_members", "create", members, {"id_list": ids}],
                "chat.add_members",
                {**members, "id_list": ids},
            ),
            (["im", "chat", "update", in_chat, {"name": "Group"}], "chat.update", {**in_chat, "name": "Group"}),
            (["im", "chat_announcement", "get", in_chat, None], "chat.get_announcement", in_chat),
            (["im", "chat_menu_tree", "get", in_chat, None], "chat_menu.get", in_chat),
            (["im", "message", "get", on_om, None], "im.get_message", on_om),
            (
                ["im", "message", "list", {"container_id_type": "chat", "container_id": chat}, None],
                "im.list_messages",
                {"container_id_type": "chat", "container_id": chat},
            ),
            (
                ["im", "message", "read_users", urgent, None],
                "im.list_read_users",
                urgent,
            ),
            (
                ["im", "message", "urgent_app", urgent, {"user_id_list": ids}],
                "urgent.app",
                {**urgent, "user_id_list": ids},
            ),
            (
                ["im", "message", "urgent_sms", urgent, {"user_id_list": ids}],
                "urgent.sms",
                {**urgent, "user_id_list": ids},
            ),
            (["im", "message_reaction", "list", on_om, None], "reaction.list", on_om),
            (["im", "pin", "create", {}, on_om], "pin.create", on_om),
            (["im", "pin", "list", in_chat, None], "pin.list", in_chat),
            (["contact", "user", "get", {"user_id": li.open_id}, None], "contact.get_user", {"user_id": li.open_id}),
            (["contact", "user", "batch", {"user_ids": ids}, None], "contact.batch_users", {"user_ids": ids}),
            (["contact", "user", "batch_get_id", {}, {"emails": mails}], "contact.batch_get_id", {"emails": mails}),
            (
                ["contact", "user", "find_by_department", {"department_id": od}, None],
                "contact.list_users",
                {"department_id": od},
            ),
            (
                ["contact", "department", "get", {"department_id": od}, None],
                "contact.get_department",
                {"department_id": od},
            ),
            (
                ["contact", "department", "children", {"department_id": "0", "fetch_child": True}, None],
                "contact.list_children",
                {"department_id": "0", "fetch_child": True},
            ),
            (
                ["contact", "department", "parent", {"department_id": below.open_department_id}, None],
                "contact.list_parents",
                {"department_id": below.open_department_id},
            ),
            (["contact", "scope", "list", {}, None], "contact.get_scope", {}),
            (["application", "scope", "list", {}, None], "app.list_scopes", {}),
            (["event", "connection", "get", {}, None], "app.get_connections", {}),
        ]
        theirs = await asyncio.to_thread(answers, sandbox.url, APP, SECRET, [call for call, _, _ in pairs])
        for (_, name, arguments), answer in zip(pairs, theirs, strict=True):
            ours = await bot.call_api(name, **arguments)
            assert answer["code"] == 0, (name, answer)
            assert answer["data"] or name == "chat.update", f"{name}: the SDK read nothing"
            expected, found = without_nothing(ours["data"]), without_nothing(answer["data"])
            assert covers(expected, found), (name, expected, found)


def covers(ours: Any, theirs: Any) -> bool:
    """Whether all that the SDK's models know is in our answer, with the same values."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return all(key in ours and covers(ours[key], value) for key, value in theirs.items())
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(covers, ours, theirs))
    return ours == theirs


def test_the_comparison_sees_a_difference():
    assert covers({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]})
    assert not covers({"a": [{"b": 1}]}, {"a": [{"b": 2}]})
    assert not covers({"a": []}, {"a": [{"b": 1}]})
    assert not covers({}, {"a": 1})
