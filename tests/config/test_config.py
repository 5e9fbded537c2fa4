"""The configuration: what is accepted, and how a mistake is told."""

import pytest

from nonebot_adapter_feishu_ws import ConfigError
from nonebot_adapter_feishu_ws.config import BotConfig, explain_json, load_config, unknown_keys

BOT = {"app_id": "cli_1", "app_secret": "hunter2"}


def bots(*entries, **keys) -> list[BotConfig]:
    return load_config({"feishu_bots": list(entries), **keys}).feishu_bots


def problems(raw: dict, environ=None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(raw, environ)
    text = str(caught.value)
    assert "hunter2" not in text, "a problem never shows a secret"
    return text.splitlines()


def test_nothing_configured_is_fine():
    config = load_config({})
    assert config.feishu_bots == []
    assert (config.feishu_max_reconnect_attempts, config.feishu_reconnect_delays) == (5, [1, 2, 4, 8, 16])
    assert (config.feishu_store, config.feishu_sandbox) == ("sqlite:///data/feishu_ws.sqlite3", False)


def test_a_list_an_object_and_the_short_form():
    assert [bot.app_id for bot in bots(BOT, {**BOT, "app_id": "cli_2"})] == ["cli_1", "cli_2"]
    keyed = load_config(
        {"feishu_bots": {"cli_9": {"app_secret": "x"}}, "feishu": {"app_id": "cli_s", "app_secret": "y"}}
    )
    assert [bot.app_id for bot in keyed.feishu_bots] == ["cli_9", "cli_s"]


def test_defaults_of_a_bot():
    [bot] = bots(BOT)
    assert (bot.enabled, bot.use_websocket, bot.transport, bot.proxy) == (True, True, "native", None)
    assert bot.api_origin == "https://open.feishu.cn"
    assert bot.app_secret.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(bot) + str(bot) + str(bot.model_dump())


@pytest.mark.parametrize(
    ("keys", "origin"),
    [
        ({"domain": "lark"}, "https://open.larksuite.com"),
        ({"is_lark": True}, "https://open.larksuite.com"),
        ({"domain": "https://feishu.example.com/"}, "https://feishu.example.com"),
        ({"api_base": "http://localhost:8000"}, "http://localhost:8000"),
        ({"is_lark": True, "api_base": "https://x.example"}, "https://x.example"),
        ({"domain": "lark", "is_lark": True}, "https://open.larksuite.com"),
    ],
)
def test_domains(keys, origin):
    assert bots({**BOT, **keys})[0].api_origin == origin


def test_the_domains_themselves_can_be_set():
    [bot] = bots({**BOT, "domain": "lark"}, feishu_lark_api_base="https://lark.internal")
    assert bot.api_origin == "https://lark.internal"


@pytest.mark.parametrize(("protocol", "use_websocket"), [("ws", True), ("http", False)])
def test_the_existing_adapters_protocol(protocol, use_websocket):
    assert bots({**BOT, "protocol": protocol})[0].use_websocket is use_websocket


def test_numbers_are_text_and_empty_values_are_unset():
    [bot] = bots({"app_id": 123456, "app_secret": 987, "encrypt_key": "", "verification_token": 42, "name": ""})
    assert (bot.app_id, bot.app_secret.get_secret_value(), bot.encrypt_key) == ("123456", "987", None)
    assert bot.verification_token is not None
    assert bot.verification_token.get_secret_value() == "42"


@pytest.mark.parametrize(
    ("entry", "where", "says"),
    [
        ({"app_id": "cli_1"}, "FEISHU_BOTS[0].app_secret", "is missing"),
        ({**BOT, "app_secret": ""}, "FEISHU_BOTS[0].app_secret", "is missing"),
        ({**BOT, "app_secrt": "hunter2"}, "FEISHU_BOTS[0].app_secrt", 'did you mean "app_secret"'),
        ({**BOT, "zzz": 1}, "FEISHU_BOTS[0].zzz", "known are app_id"),
        ({**BOT, "app_secret": 1e5}, "FEISHU_BOTS[0].app_secret", "quotes"),
        ({**BOT, "app_secret": True}, "FEISHU_BOTS[0].app_secret", "quotes"),
        ({**BOT, "domain": "lrak"}, "FEISHU_BOTS[0].domain", '"feishu", "lark"'),
        ({**BOT, "domain": "https://a.b/c"}, "FEISHU_BOTS[0].domain", "URL"),
        ({**BOT, "proxy": "hunter2:1080"}, "FEISHU_BOTS[0].proxy", "http://host:port"),
        ({**BOT, "proxy": "socks4://u:hunter2@h:1"}, "FEISHU_BOTS[0].proxy", "socks5://host:port"),
        ({**BOT, "proxy": "http://u:hunter2@h"}, "FEISHU_BOTS[0].proxy", "host:port"),
        ({**BOT, "proxy": "http://h:port"}, "FEISHU_BOTS[0].proxy", "host:port"),
        ({**BOT, "transport": "sdkk"}, "FEISHU_BOTS[0].transport", "'native' or 'sdk'"),
        ({**BOT, "transport": "sdk", "proxy": "socks5://h:1"}, "FEISHU_BOTS[0]", "http:// proxy only"),
        ({**BOT, "enabled": "maybe"}, "FEISHU_BOTS[0].enabled", "must be true or false"),
        ({**BOT, "protocol": "http", "use_websocket": True}, "FEISHU_BOTS[0]", "contradict"),
        ({**BOT, "domain": "feishu", "is_lark": True}, "FEISHU_BOTS[0]", "contradict"),
        ({**BOT, "domain": "lark", "api_base": "https://a.b"}, "FEISHU_BOTS[0]", "both name a domain"),
        ("cli_1", "FEISHU_BOTS[0]", "must be an object"),
    ],
)
def test_a_mistake_names_its_entry_and_what_to_do(entry, where, says):
    [line] = problems({"feishu_bots": [entry]})
    assert line.startswith(f"{where}: ")
    assert says in line


def test_all_mistakes_are_told_at_once():
    raw = {"feishu_bots": [BOT, {"app_id": "x"}, {"app_secret": "hunter2"}], "feishu": {"app_id": "y"}}
    lines = problems({**raw, "feishu_max_reconnect_attempts": -1, "feishu_store": "redis://x/y"})
    assert [line.partition(":")[0] for line in lines] == [
        "FEISHU_BOTS[1].app_secret",
        "FEISHU_BOTS[2].app_id",
        "FEISHU__APP_SECRET",
        "FEISHU_STORE",
        "FEISHU_MAX_RECONNECT_ATTEMPTS",
    ]


def test_a_repeated_app_id_is_refused_in_any_form():
    [line] = problems({"feishu_bots": [BOT], "feishu": BOT})
    assert "cli_1 is configured more than once" in line


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[{"app_id": "a", "app_secret": "hunter2",}]', "comma"),
        ('[{"app_id": "a" "app_secret": "hunter2"}]', "brackets, commas and quotes"),
        ("[{app_id: a, app_secret: hunter2}]", "single quotes around the whole"),
        ("[{'app_id': 'a', 'app_secret': 'hunter2'}]", "double quotes"),
        ("[{“app_id”: “hunter2”}]", "typographic"),
        ('[{"enabled": True, "app_secret": "hunter2"}]', "true, false and null"),
        ("[", "only its first line arrived"),
        ('[{"app_id": "a", "app_secret": "hunter2"}],', "remove the , behind it"),
        ('[{"app_id": "a", "app_secret": "hunter2"}];', "remove the ; behind it"),
    ],
)
def test_broken_json_is_explained(text, says):
    [line] = problems({"feishu_bots": text})
    assert line.startswith("FEISHU_BOTS: is not JSON at line 1, column")
    assert says in line


def test_the_line_of_broken_json_is_counted():
    assert "line 3, column" in explain_json('[\n{"a": 1},\n{"b": }\n]')
    assert "must be a JSON list" in explain_json("5")


@pytest.mark.parametrize("value", [5, True, {"cli_1": "secret"}])
def test_other_shapes_are_explained(value):
    assert problems({"feishu_bots": value})[0].startswith("FEISHU_BOTS")


def test_environment_variables_serve_where_nonebot_saw_none():
    environ = {"FEISHU_BOTS": '[{"app_id": "cli_e", "app_secret": "1e5x"}]', "FEISHU_SANDBOX": "true", "PATH": "/"}
    config = load_config({}, environ)
    assert [bot.app_id for bot in config.feishu_bots] == ["cli_e"]
    assert config.feishu_sandbox is True
    short = load_config({}, {"FEISHU__APP_ID": "cli_s", "FEISHU__APP_SECRET": "123"})
    assert [bot.app_id for bot in short.feishu_bots] == ["cli_s"]
    assert load_config({"feishu_bots": [BOT]}, environ).feishu_bots[0].app_id == "cli_1", "what NoneBot read wins"


def test_unknown_keys_beside_the_bots_only_warn():
    assert unknown_keys({"feishu_bot": 1, "feishu_other_plugin_setting": 2, "log_level": 3}) == [
        "FEISHU_BOT is no key of this adapter; did you mean FEISHU_BOTS?"
    ]


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        ({"hunter2": ["*"]}, "token 1 is too short"),
        ({"sha256:abc": ["*"]}, "token 1 is too short"),
        ({"a" * 16: []}, "empty list"),
        ("{'hunter2': ['*']}", "JSON object between single quotes"),
        ({"a" * 16: "cli_1"}, "valid list"),
    ],
)
def test_a_weak_or_broken_management_token_is_refused_and_never_shown(tokens, says):
    [line] = problems({"feishu_management_tokens": tokens})
    assert line.startswith("FEISHU_MANAGEMENT_TOKENS: ")
    assert says in line
    assert "hunter2" not in line


@pytest.mark.parametrize("url", ["memory://", "sqlite:///data/x.db", "sqlite:////var/lib/x.db"])
def test_stores_that_work(url):
    assert load_config({"feishu_store": url}).feishu_store == url


@pytest.mark.parametrize("url", ["sqlite://x", "sqlite:///", "postgres://h", "data/x.db"])
def test_stores_that_do_not_work(url):
    [line] = problems({"feishu_store": url})
    assert "sqlite:///relative/path" in line


@pytest.mark.parametrize(
    "url",
    [
        "redis://h?db=1&socket_timeout=0.5&health_check_interval=30&socket_keepalive=true&client_name=bot",
        "unix:///run/r.sock?db=0&password=x",
        "rediss://h/0?ssl_ca_certs=/ca.pem&ssl_cert_reqs=none&ssl_check_hostname=false",
    ],
)
def test_options_of_redis_that_work(url):
    pytest.importorskip("redis")
    assert load_config({"feishu_store": url}).feishu_store == url


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("foo=1", "has the option 'foo', which cannot be used here; possible are db, username"),
        ("decode_responses=true", "'decode_responses'"),
        ("retry_on_timeout=true", "'retry_on_timeout'"),
        ("protocol=3", "'protocol'"),
        ("ssl_ca_certs=/ca.pem", "is for TLS: write rediss://"),
        ("socket_timeout=soon", "a value of the option socket_timeout"),
        ("db=", "a value of the option db"),
    ],
)
def test_options_of_redis_that_do_not_work(query, says):
    """The first one hung the start and SIGTERM, the second was a traceback for each event."""
    pytest.importorskip("redis")
    [line] = problems({"feishu_store": f"redis://:hunter2@h/0?{query}"})
    assert says in line
    assert "hunter2" not in line


def test_redis_without_its_extra_names_the_extra(monkeypatch):
    monkeypatch.setattr("nonebot_adapter_feishu_ws.config.models.find_spec", lambda name: None)
    [line] = problems({"feishu_store": "redis://:hunter2@h"})
    assert "nonebot-adapter-feishu-ws[redis]" in line
    assert "hunter2" not in line


def test_a_proxy_may_be_http_or_socks():
    for proxy in ("http://h:1", "http://u:p@h:1", "socks5://h:1", "socks5h://u:p@h:1"):
        assert load_config({"feishu_bots": [{**BOT, "proxy": proxy}]}).feishu_bots[0].proxy_url == proxy


@pytest.mark.parametrize("key", ["feishu_sandbox", "feishu_fetch_reply", "feishu_bot_messages"])
def test_a_switch_names_its_two_words(key):
    assert problems({key: "ja"}) == [f"{key.upper()}: must be true or false"]


def test_a_list_of_tokens_is_shown_the_object():
    [line] = problems({"feishu_management_tokens": ["x" * 20]})
    assert line.startswith("FEISHU_MANAGEMENT_TOKENS: is a list;")
    assert '{"<token>": ["*"]}' in line
    assert "x" * 20 not in line
