"""Tokens and the limit on guessing."""

import hashlib

import pytest

from nonebot_adapter_feishu_ws.config import load_config
from nonebot_adapter_feishu_ws.exception import ConfigError
from nonebot_adapter_feishu_ws.management.access import FailureLimit, Tokens

TOKEN = "a-long-random-token-1"


def test_a_token_reaches_its_bots_only():
    tokens = Tokens({TOKEN: ["cli_a"], "another-long-token-2": ["*"]})
    access = tokens.find(f"Bearer {TOKEN}")
    assert access is not None
    assert (access.allows("cli_a"), access.allows("cli_b"), access.allows("*")) == (True, False, False)
    everything = tokens.find("bearer another-long-token-2")
    assert everything is not None
    assert everything.allows("cli_b")


def test_what_is_no_token():
    tokens = Tokens({TOKEN: ["*"]})
    for header in (
        "",
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer ä",
    ):
        assert tokens.find(header) is None, header
    assert not Tokens({})


def test_a_token_may_be_configured_as_its_hash():
    hashed = "sha256:" + hashlib.sha256(TOKEN.encode()).hexdigest()
    tokens = Tokens({hashed: ["cli_a"]})
    assert tokens.find(f"Bearer {TOKEN}") is not None
    assert tokens.find(f"Bearer {hashed}") is None, "the hash itself opens nothing"


@pytest.mark.parametrize("write", [str.lower, str.upper])
def test_a_hash_gets_through_the_configuration(write):
    hashed = "sha256:" + write(hashlib.sha256(TOKEN.encode()).hexdigest())
    config = load_config({"feishu_management_tokens": {hashed: ["cli_a"]}})
    access = Tokens(config.feishu_management_tokens).find(f"Bearer {TOKEN}")
    assert access is not None
    assert access.allows("cli_a")


@pytest.mark.parametrize("wrong", ["sha256:", "sha256:" + "g" * 64, "sha256:" + "a" * 63, "SHA256:short"])
def test_what_is_no_hash_is_no_token(wrong):
    with pytest.raises(ConfigError, match="FEISHU_MANAGEMENT_TOKENS"):
        load_config({"feishu_management_tokens": {wrong: ["cli_a"]}})


def test_tokens_are_held_as_hashes():
    assert TOKEN not in repr(vars(Tokens({TOKEN: ["*"]})))


def test_guessing_is_slowed_down_for_a_window():
    now = 0.0
    limit = FailureLimit(3, 60, clock=lambda: now)
    assert [limit.failed() for _ in range(3)] == [None] * 3
    now = 20.0
    assert limit.failed() == 40.0
    now = 60.0
    assert limit.failed() is None
