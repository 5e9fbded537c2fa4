"""The memory of signed deliveries, and the route that asks it: with a clock of the test's own, and no server."""

import asyncio
import json

import pytest
from nonebot.drivers import Request
from pydantic import SecretStr

from nonebot_adapter_feishu_ws.event.envelope import Receipt
from nonebot_adapter_feishu_ws.sandbox.events import build_request
from nonebot_adapter_feishu_ws.sandbox.state import App
from nonebot_adapter_feishu_ws.server.replay_guard import ReplayGuard
from nonebot_adapter_feishu_ws.server.webhook import WebhookRoute, WebhookSecrets

KEY = "encrypt-key-of-the-nonces"
EVENT = json.dumps({"header": {"event_id": "e", "event_type": "x"}, "event": {}}).encode()


class Door:
    """A route, what has passed it, and what it shall be answered."""

    def __init__(self, memory: ReplayGuard | None = None) -> None:
        self.now = 1_000_000.0
        self.passed: list[bytes] = []
        self.receipts: list[Receipt | BaseException] = []
        self.app = App("a", "secret-of-the-door", "A", "ou_a", encrypt_key=KEY)
        secrets = {name: WebhookSecrets(SecretStr(KEY), None) for name in ("a", "b")}
        memory = ReplayGuard() if memory is None else memory
        self.route = WebhookRoute(secrets, self.receive, lambda _: False, now=lambda: self.now, replays=memory)

    async def receive(self, envelope) -> Receipt:
        self.passed.append(envelope.payload)
        await asyncio.sleep(0)
        outcome = self.receipts.pop(0) if self.receipts else Receipt(200)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def request(self, payload: bytes = EVENT, app: str = "a", at: float | None = None) -> Request:
        body, headers = build_request(self.app, payload, self.now if at is None else at)
        return Request("POST", f"http://x/feishu/{app}", headers=headers, content=body)

    async def give(self, request: Request) -> tuple[int, str]:
        answer = await self.route.handle(request)
        return answer.status_code, json.loads(answer.content or b"{}").get("error", "")


async def test_a_replay_is_refused_for_as_long_as_its_timestamp_passes():
    door = Door()
    request = door.request()
    assert await door.give(request) == (200, "")
    for _ in range(3):
        door.now += 90
        status, error = await door.give(request)
        assert status == 401
        assert "replay" in error
    door.now += 90
    status, error = await door.give(request)
    assert status == 401
    assert "timestamp" in error
    assert len(door.passed) == 1


async def test_a_timestamp_from_the_future_is_remembered_for_longer():
    door = Door()
    request = door.request(at=door.now + 299)
    assert (await door.give(request))[0] == 200
    door.now += 590
    assert "replay" in (await door.give(request))[1]


async def test_a_redelivery_has_a_nonce_of_its_own_and_passes():
    door = Door()
    assert (await door.give(door.request()))[0] == 200
    assert (await door.give(door.request()))[0] == 200
    assert len(door.passed) == 2, "that it is the same event is known to the intake"


@pytest.mark.parametrize("outcome", [Receipt(500), Receipt(503), RuntimeError("the network thread is gone")])
async def test_what_was_not_taken_may_come_again_as_it_is(outcome):
    door = Door()
    door.receipts = [outcome]
    request = door.request()
    if isinstance(outcome, Receipt):
        assert (await door.give(request))[0] == outcome.code
    else:
        with pytest.raises(RuntimeError):
            await door.give(request)
    assert (await door.give(request))[0] == 200
    assert (await door.give(request))[0] == 401
    assert len(door.passed) == 2


async def test_of_two_at_the_same_moment_one_passes():
    door = Door()
    request = door.request()
    answers = await asyncio.gather(*(door.give(request) for _ in range(5)))
    assert sorted(status for status, _ in answers) == [200, 401, 401, 401, 401]
    assert len(door.passed) == 1


async def test_a_replay_to_another_bot_with_the_same_key_is_refused():
    door = Door()
    request = door.request()
    assert (await door.give(request))[0] == 200
    other = Request("POST", "http://x/feishu/b", headers=dict(request.headers), content=request.content)
    assert (await door.give(other))[0] == 401


async def test_what_is_not_signed_does_not_get_in():
    memory = ReplayGuard()
    door = Door(memory)
    for number in range(50):
        request = door.request()
        request.headers["X-Lark-Signature"] = f"{number:064x}"
        assert (await door.give(request))[0] == 401
    assert len(memory) == 0


def test_the_memory_is_bounded_and_forgets_by_time():
    memory = ReplayGuard(max_known=100)
    assert all(memory.claim(str(number), until=400.0, now=100.0) for number in range(1000))
    assert len(memory) == 100
    assert not memory.claim("999", until=400.0, now=400.0)
    assert memory.claim("new", until=800.0, now=401.0)
    assert len(memory) == 1


def test_a_released_one_is_forgotten():
    memory = ReplayGuard()
    assert memory.claim("a", 10.0, 0.0)
    memory.release("a")
    memory.release("never there")
    assert memory.claim("a", 10.0, 0.0)


# What an answer tells somebody who has no key


async def test_whoever_cannot_sign_does_not_learn_how_the_decryption_ends():
    """With that answer a recorded delivery could be decrypted without the key (a padding oracle)."""
    door = Door()
    recorded = json.loads(door.request().content)["encrypt"]
    answers = set()
    for text in (recorded, recorded[:-8] + "AAAAAA==", "QUJD", "***", recorded[:64]):
        for headers in ({}, {"X-Lark-Request-Timestamp": "1", "X-Lark-Request-Nonce": "n", "X-Lark-Signature": "0"}):
            body = json.dumps({"encrypt": text})
            status, error = await door.give(Request("POST", "http://x/feishu/a", headers=headers, content=body))
            answers.add((bool(headers), status, error))
    assert len(answers) == 2, "one answer without a signature, one for a wrong one"
    assert {status for _, status, _ in answers} == {401}


async def test_only_a_challenge_is_taken_unsigned():
    door = Door()
    challenge = json.dumps({"type": "url_verification", "challenge": "c"}).encode()
    for payload, status in ((challenge, 200), (EVENT, 401), (b"[]", 401), (challenge + b" " * 100_000, 401)):
        body, _ = build_request(door.app, payload, door.now, signed=False)
        assert (await door.give(Request("POST", "http://x/feishu/a", content=body)))[0] == status
    assert door.passed == []


@pytest.mark.parametrize("challenge", ["\ud83d", 5, None, ["a"], "", 'a "quote', "ä", "a\n", "x" * 257])
async def test_a_challenge_that_is_no_plain_word_is_not_sent_back(challenge):
    door = Door()
    payload = json.dumps({"type": "url_verification", "challenge": challenge}).encode()
    body, _ = build_request(door.app, payload, door.now, signed=False)
    status, error = await door.give(Request("POST", "http://x/feishu/a", content=body))
    assert (status, error) == (400, "the challenge is no plain word")


async def test_an_unknown_app_id_fills_no_log(logs):
    door = Door()
    for number in range(50):
        request = Request("POST", f"http://x/feishu/nobody{number}%0A[INFO] forged", content=b"{}")
        assert (await door.give(request))[0] == 404
    lines = [line for line in logs if "refused a delivery" in line]
    assert len(lines) == 1
    assert "forged" not in lines[0]


async def test_a_refused_replay_is_logged_once(logs):
    door = Door()
    request = door.request()
    for _ in range(10):
        await door.give(request)
    assert len([line for line in logs if "replay" in line]) == 1
