"""What bots change by REST reaches the apps that subscribe to it; what they may not do is refused."""

import aiohttp
import pytest

from tests.conftest import APP, SECRET

OTHER = "cli_0000000000000002"


@pytest.fixture
async def api(sandbox):
    sandbox.add_app(OTHER, SECRET)
    async with aiohttp.ClientSession(sandbox.url) as session:
        body = {"app_id": APP, "app_secret": SECRET}
        answer = await (await session.post("/open-apis/auth/v3/tenant_access_token/internal", json=body)).json()
        headers = {"Authorization": f"Bearer {answer['tenant_access_token']}"}

        async def call(method: str, path: str, **options):
            async with session.request(method, f"/open-apis/{path}", headers=headers, **options) as response:
                return response.status, await response.json()

        yield call


@pytest.fixture
def pushed(sandbox, monkeypatch):
    """(app, event type) and event of what is pushed."""
    events: list[tuple[str, str, dict]] = []
    push = sandbox.gateway.push_event

    def recorded(app_id, event_type, event, *rest, **more):
        events.append((app_id, event_type, event))
        return push(app_id, event_type, event, *rest, **more)

    monkeypatch.setattr(sandbox.gateway, "push_event", recorded)
    return events


@pytest.fixture
def people(sandbox):
    return [sandbox.add_user(name) for name in ("Li Lei", "Han Meimei")]


@pytest.fixture
def group(sandbox, api, people):
    chat = sandbox.add_chat("Group", members=people[:1], apps=[APP, OTHER])
    chat.owner = APP
    return chat


async def sent(api, chat) -> str:
    body = {"receive_id": chat.chat_id, "msg_type": "text", "content": '{"text": "x"}'}
    _, answer = await api("POST", "im/v1/messages", params={"receive_id_type": "chat_id"}, json=body)
    return answer["data"]["message_id"]


async def test_a_recall_reaches_the_bots_of_the_chat(api, group, pushed):
    message_id = await sent(api, group)
    await api("DELETE", f"im/v1/messages/{message_id}")
    assert [(app, kind) for app, kind, _ in pushed] == [(each, "im.message.recalled_v1") for each in (APP, OTHER)]
    assert pushed[0][2]["recall_type"] == "message_owner"


async def test_reactions_of_a_bot_name_the_app(api, group, pushed):
    path = f"im/v1/messages/{await sent(api, group)}/reactions"
    _, made = await api("POST", path, json={"reaction_type": {"emoji_type": "OK"}})
    await api("DELETE", f"{path}/{made['data']['reaction_id']}")
    kinds = [kind for app, kind, _ in pushed if app == OTHER]
    assert kinds == ["im.message.reaction.created_v1", "im.message.reaction.deleted_v1"]
    assert (pushed[0][2]["operator_type"], pushed[0][2]["app_id"]) == ("app", APP)


async def test_member_changes_reach_bots_of_the_group_and_those_who_subscribe_only(api, group, people, pushed, sandbox):
    sandbox.subscribe(OTHER, [])
    body = {"id_list": [people[1].open_id]}
    await api("POST", f"im/v1/chats/{group.chat_id}/members", json=body)
    await api("DELETE", f"im/v1/chats/{group.chat_id}/members", json=body)
    await api("PUT", f"im/v1/chats/{group.chat_id}", json={"name": "New"})
    await api("DELETE", f"im/v1/chats/{group.chat_id}")
    kinds = ["im.chat.member.user.added_v1", "im.chat.member.user.deleted_v1", "im.chat.updated_v1"]
    assert [(app, kind) for app, kind, _ in pushed] == [(APP, kind) for kind in (*kinds, "im.chat.disbanded_v1")]
    assert pushed[0][2]["users"][0]["user_id"]["open_id"] == people[1].open_id
    assert pushed[2][2]["before_change"] == {"name": "Group"}


async def test_a_bot_that_is_added_hears_of_it_alone(api, group, pushed):
    group.apps.remove(OTHER)
    path = f"im/v1/chats/{group.chat_id}/members"
    await api("POST", path, params={"member_id_type": "app_id"}, json={"id_list": [OTHER]})
    assert [(app, kind) for app, kind, _ in pushed] == [(OTHER, "im.chat.member.bot.added_v1")]


async def test_a_call_without_its_scope_names_what_is_missing(api, group, sandbox):
    sandbox.world.apps[APP].scopes = frozenset({"im:message"})
    status, answer = await api("GET", f"im/v1/chats/{group.chat_id}")
    assert (status, answer["code"]) == (400, 99991672)
    assert "im:chat" in [each["subject"] for each in answer["error"]["permission_violations"]]
    assert await sent(api, group)


async def test_what_is_not_simulated_says_so(api):
    status, answer = await api("GET", "docx/v1/documents/x")
    assert (status, answer["code"]) == (404, 404)
    assert "not simulated" in answer["msg"]
