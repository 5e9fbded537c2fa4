"""Classification of errors and the delay of slow probes, pure."""

import pytest

from nonebot_adapter_feishu_ws.exception import ConnectionFailed
from nonebot_adapter_feishu_ws.transport.reconnect import Verdict, classify, probe_delay
from nonebot_adapter_feishu_ws.transport.status import ClientConfig


@pytest.mark.parametrize(
    ("phase", "code", "verdict"),
    [
        ("discovery", None, Verdict.RETRY),
        ("discovery", 1, Verdict.RETRY),
        ("discovery", 1000040343, Verdict.RETRY),
        ("discovery", 403, Verdict.FATAL),
        ("discovery", 514, Verdict.FATAL),
        ("discovery", 1000040344, Verdict.FATAL),
        ("discovery", 1000040351, Verdict.FATAL),
        ("discovery", 10003, Verdict.FATAL),  # found by the table of faults: a wrong secret was probed on and on
        ("discovery", 10014, Verdict.FATAL),
        ("discovery", 1000040350, Verdict.PROBE),
        ("discovery", 987654, Verdict.PROBE),
        ("handshake", None, Verdict.RETRY),
        ("handshake", 403, Verdict.FATAL),
        ("handshake", 514, Verdict.RETRY),
        ("handshake", 1000040350, Verdict.PROBE),
        ("socket", None, Verdict.RETRY),
        ("setup", None, Verdict.FATAL),
    ],
)
def test_what_an_error_means_for_the_next_attempt(phase, code, verdict):
    assert classify(ConnectionFailed("x", code=code, phase=phase)) is verdict


def test_slow_probing_keeps_to_the_servers_wishes():
    config = ClientConfig(reconnect_interval=100, reconnect_nonce=20)
    assert probe_delay(config, lambda: 0.0) == 100
    assert probe_delay(config, lambda: 1.0) == 120


def test_a_client_config_takes_only_usable_numbers():
    config = ClientConfig().merged({"PingInterval": 30, "ReconnectInterval": "soon", "ReconnectNonce": -5, "Other": 1})
    assert config == ClientConfig(ping_interval=30)
    assert ClientConfig().merged(None) == ClientConfig().merged([1]) == ClientConfig()
    assert ClientConfig().merged({"PingInterval": True, "ReconnectNonce": 1e12}) == ClientConfig()
