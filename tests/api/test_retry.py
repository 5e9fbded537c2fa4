"""When a call is tried again, and what a call is."""

import os
from io import BytesIO

import pytest

from nonebot_adapter_feishu_ws import NetworkError
from nonebot_adapter_feishu_ws.api.call_traits import api_of, lane_of, may_repeat
from nonebot_adapter_feishu_ws.api.http import can_replay
from nonebot_adapter_feishu_ws.api.retry import ONCE, RetryPolicy, next_wait
from nonebot_adapter_feishu_ws.api.upload import parts_of
from nonebot_adapter_feishu_ws.exception import make_failure


def wait_after(error, *, repeatable=True, delays=(3.0,)):
    return next_wait(error, repeatable=repeatable, delays=iter(delays), random=lambda: 0.0)


def test_delays_double_up_to_a_bound_and_are_spread_from_zero():
    policy = RetryPolicy(attempts=6, first_delay=0.5, max_delay=3)
    assert list(policy.delays(lambda: 1.0)) == [0.5, 1, 2, 3, 3]
    assert list(policy.delays(lambda: 0.0)) == [0.0] * 5
    assert list(ONCE.delays(lambda: 1.0)) == []


@pytest.mark.parametrize(
    ("error", "if_repeatable", "otherwise"),
    [
        (NetworkError("refused", sent=False), 3.0, 3.0),
        (NetworkError("reset"), 3.0, None),
        (NetworkError("gateway", status_code=502), 3.0, None),
        (NetworkError("no such page", status_code=404), None, None),
        (NetworkError("a login page", status_code=200), None, None),
        (make_failure(2200, "internal", status_code=500), 3.0, None),
        (make_failure(230049, "being sent", status_code=400), 3.0, None),
        (make_failure(230002, "not in the chat", status_code=400), None, None),
        (make_failure(99991400, "", status_code=429, headers={"x-ogw-ratelimit-reset": "52"}), 52, 52),
        (make_failure(99991400, "", status_code=400), 1.0, 1.0),
        (make_failure(230020, "", status_code=400), 1.0, 1.0),
        (make_failure(11232, "", status_code=400), 1.0, 1.0),
    ],
)
def test_what_is_tried_again(error, if_repeatable, otherwise):
    assert wait_after(error) == if_repeatable
    assert wait_after(error, repeatable=False) == otherwise


def test_an_error_stands_when_the_tries_are_used_up():
    assert wait_after(NetworkError("reset"), delays=()) is None
    assert wait_after(make_failure(230020, ""), delays=()) == 1.0, "a refusal is no try: the deadline bounds it"


@pytest.mark.parametrize(
    ("method", "path", "api", "lane"),
    [
        ("POST", "im/v1/messages", "POST im/v1/messages", "oc_1"),
        ("post", "/open-apis/im/v1/messages", "POST im/v1/messages", "oc_1"),
        ("POST", "im/v1/messages/merge_forward", "POST im/v1/messages/merge_forward", "oc_1"),
        ("POST", "im/v1/messages/om_1a/forward", "POST im/v1/messages/:id/forward", "oc_1"),
        ("POST", "im/v1/messages/om_1a/reply", "POST im/v1/messages/:id/reply", "om_1a"),
        ("PUT", "im/v1/messages/om_1a", "PUT im/v1/messages/:id", "edit om_1a"),
        ("PATCH", "im/v1/messages/om_1a", "PATCH im/v1/messages/:id", "edit om_1a"),
        ("GET", "im/v1/messages/om_1a", "GET im/v1/messages/:id", None),
        ("GET", "bot/v3/info", "GET bot/v3/info", None),
        ("GET", "contact/v3/users/ou_7d8a6e", "GET contact/v3/users/:id", None),
        ("POST", "contact/v3/users/batch_get_id", "POST contact/v3/users/batch_get_id", None),
        ("PUT", "cardkit/v1/cards/7355/elements/md_1/content", "PUT cardkit/v1/cards/:id/elements/:id/content", None),
    ],
)
def test_which_api_and_whose_lane(method, path, api, lane):
    assert api_of(method, path) == api
    assert lane_of(api, path, {"receive_id": "oc_1"}) == lane


@pytest.mark.parametrize("body", [None, [], "text", {}, {"receive_id": 5}])
def test_a_send_without_a_receiver_has_no_lane(body):
    assert lane_of("POST im/v1/messages", "im/v1/messages", body) is None


@pytest.mark.parametrize(
    ("api", "params", "body", "expected"),
    [
        ("POST im/v1/messages", None, {"uuid": "u"}, True),
        ("POST im/v1/messages", None, {"uuid": ""}, False),
        ("POST im/v1/messages/:id/forward", {"uuid": "u"}, {}, True),
        ("POST approval/v4/instances", None, {}, False),
        ("GET im/v1/messages/:id", None, None, True),
        ("DELETE im/v1/messages/:id", None, None, True),
        ("PATCH im/v1/messages/:id", None, {}, True),
        ("PATCH bitable/v1/apps/:id", None, {}, False),
        ("POST im/v1/files", None, None, True),
    ],
)
def test_what_may_be_done_twice(api, params, body, expected):
    assert may_repeat(api, params, body) is expected


def test_a_pipe_is_spent_after_the_first_try():
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        assert not can_replay({"files": parts_of({"file": stream})})
        assert not can_replay({"files": parts_of([("file", ("name", stream))])})
        assert not can_replay({"content": stream})


def test_a_file_can_be_rewound(tmp_path):
    (tmp_path / "f").write_bytes(b"x")
    with (tmp_path / "f").open("rb") as stream:
        assert can_replay({"files": parts_of({"file": stream, "other": tmp_path / "f"})})
    assert can_replay({"files": parts_of({"file": b"x", "other": ("name", BytesIO(b"x"), "text/plain")})})
    assert can_replay({})
