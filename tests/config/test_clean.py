"""What copying, editors and ``docker run --env-file`` leave around a value."""

import pytest

from nonebot_adapter_feishu_ws.config import BotConfig, explain_no_bots, load_config, unknown_keys, unused_proxies
from nonebot_adapter_feishu_ws.exception import ConfigError

BOT = {"app_id": "cli_1", "app_secret": "hunter2hunter2"}
TOKEN = "hunter2-of-an-operator"


def problems(raw: dict, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(raw, environ)
    assert "hunter2" not in str(caught.value)
    return caught.value.problems


@pytest.mark.parametrize("key", ["app_id", "app_secret", "encrypt_key", "verification_token"])
@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{} ", "ends with a space"),
        (" {}", "begins with a space"),
        ("{}\r", "ends with a carriage return (the file has Windows line ends)"),
        ("{}\n", "ends with a line break"),
        ("{}\t", "ends with a tab"),
        ("\u200b{}", "begins with an invisible character (U+200B, ZERO WIDTH SPACE)"),
        ("cli\u200b{}", "has as character 4 an invisible character (U+200B, ZERO WIDTH SPACE)"),
        ("\ufeff{}", "begins with a byte order mark (U+FEFF)"),
        ("{}\xa0", "ends with an invisible character (U+00A0, NO-BREAK SPACE)"),
        ("{}\u3000", "ends with an invisible character (U+3000, IDEOGRAPHIC SPACE)"),
        ("a\x00{}", "has as character 2 an invisible character (U+0000, a control)"),
        ("{}\u202c", "(U+202C, POP DIRECTIONAL FORMATTING)"),
        ("{} # my bot", "has a comment behind it"),
        ("“{}”", "has quotes of its own around it"),
        ("{}'", "has quotes of its own around it"),
        ("{}\u3164", "ends with an invisible character (U+3164, HANGUL FILLER)"),
        ("\u2800{}", "begins with an invisible character (U+2800, BRAILLE PATTERN BLANK)"),
        ("{}\ufe0f", "ends with an invisible character (U+FE0F, VARIATION SELECTOR-16)"),
        ("********", "has dots or stars in place of the value"),
        ("cli_...", "has dots or stars in place of the value"),
    ],
)
def test_what_nobody_typed_is_refused_at_start_with_its_place(key, template, says):
    """With it, the start succeeded, and Feishu answered 514 or 10014, which says that the secret is wrong."""
    [line] = problems({"feishu_bots": [{**BOT, key: template.format("hunter2hunter2")}]})
    assert line.startswith(f"FEISHU_BOTS[0].{key}: ")
    assert says in line


@pytest.mark.parametrize("value", ["a b", "ａ", "ключ", "a,", "a;", "<a>", r"a\n", "$SECRET", "${SECRET}", "%SECRET%"])
def test_ids_and_secrets_of_feishu_have_ascii_without_spaces(value):
    assert problems({"feishu": {**BOT, "app_secret": value}})[0].startswith("FEISHU__APP_SECRET: ")
    bot = load_config({"feishu": {**BOT, "encrypt_key": value}}).feishu_bots[0]
    assert bot.encrypt_key is not None
    assert bot.encrypt_key.get_secret_value() == value, "an encrypt key is the operator's own choice"


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        ({"feishu_store": "sqlite:///data/s.db\r"}, "FEISHU_STORE"),
        ({"feishu_store": "sqlite:///data/s.db # here"}, "FEISHU_STORE"),
        ({"feishu_management_tokens": {f"{TOKEN}\r": ["*"]}}, "FEISHU_MANAGEMENT_TOKENS"),
        ({"feishu_management_tokens": {TOKEN: ["cli_1\u200b"]}}, "FEISHU_MANAGEMENT_TOKENS"),
        ({"feishu_bots": [{**BOT, "proxy": "http://h:1\r"}]}, "FEISHU_BOTS[0].proxy"),
        ({"feishu_bots": [{**BOT, "domain": "https://open.feishu.cn\u200b"}]}, "FEISHU_BOTS[0].domain: ends with"),
        ({"feishu_bots": [{**BOT, "domain": "lark\r"}]}, "FEISHU_BOTS[0].domain: ends with a carriage return"),
        ({"feishu_bots": [{**BOT, "api_base": "https://h\xa0"}]}, "FEISHU_BOTS[0].api_base: ends with"),
        ({"feishu_bots": [BOT], "feishu_api_base": "https://h "}, "FEISHU_API_BASE: ends with a space"),
        ({"feishu_bots": [BOT], "feishu_lark_api_base": "https://h # x"}, "FEISHU_LARK_API_BASE: has a comment"),
        ({"feishu_record": "traffic.jsonl\r"}, "FEISHU_RECORD: ends with a carriage return"),
        ({"feishu_sandbox_keep": "keep.json # x"}, "FEISHU_SANDBOX_KEEP: has a comment"),
        ({"feishu_bots": {"cli_1 ": {"app_secret": "hunter2"}}}, 'FEISHU_BOTS["cli_1 "].app_id'),
    ],
)
def test_other_values_that_would_be_taken_as_they_are(raw, where):
    assert problems(raw)[0].startswith(where)


@pytest.mark.parametrize("quote", ["'", '"'])
def test_the_quotes_that_docker_keeps_are_understood(quote):
    environ = {
        "FEISHU_BOTS": f'{quote}[{{"app_id": "cli_1", "app_secret": "s"}}]{quote}',
        "FEISHU__APP_ID": f"{quote}cli_2{quote}",
        "FEISHU__APP_SECRET": f"{quote}123456{quote}",
        "FEISHU_STORE": f"{quote}memory://{quote}",
        "FEISHU_REPLAY_WINDOW": f"{quote}60{quote}",
        "FEISHU_MANAGEMENT_TOKENS": f'{quote}{{"{TOKEN}": ["*"]}}{quote}',
    }
    for raw, env in (({}, environ), ({name.lower(): text for name, text in environ.items() if "__" not in name}, {})):
        config = load_config(raw, env)
        assert config.feishu_bots[0].app_id == "cli_1"
        assert (config.feishu_store, config.feishu_replay_window) == ("memory://", 60)
        assert config.feishu_management_tokens == {TOKEN: ["*"]}
    assert load_config({}, environ).feishu_bots[1].app_secret.get_secret_value() == "123456"


@pytest.mark.parametrize("around", ["'{}'\r", " '{}'", '"{}" ', "\"'{}'\"", "'\"{}\"'"])
def test_what_is_around_the_quotes_goes_with_them(around):
    """Windows line ends of a file that docker reads, a space behind the equals sign, or the quotes of YAML."""
    bots = around.format('[{"app_id": "cli_1", "app_secret": "s"}]')
    environ = {"FEISHU_BOTS": bots, "FEISHU__APP_ID": around.format("cli_2"), "FEISHU__APP_SECRET": "s"}
    assert [bot.app_id for bot in load_config({}, environ).feishu_bots] == ["cli_1", "cli_2"]


def test_backslashes_that_docker_keeps_are_understood_or_named():
    text = '[{\\"app_id\\": \\"cli_1\\", \\"app_secret\\": \\"hunter2\\"}]'
    assert load_config({}, {"FEISHU_BOTS": f'"{text}"'}).feishu_bots[0].app_id == "cli_1"
    assert "remove the backslashes before the double quotes" in problems({}, {"FEISHU_BOTS": f"'{text}'"})[0]


@pytest.mark.parametrize(
    "environ",
    [
        {"FEISHU_REPLAY_WINDOW": "60 # seconds"},
        {"FEISHU_SANDBOX": "true # offline"},
        {"FEISHU_STORE": "# memory://"},
        {"FEISHU_BOTS": '[{"app_id": "cli_1", "app_secret": "hunter2"}]#mine'},
        {"FEISHU_BOTS": '[{"app_id": "cli_1", "app_secret": "hunter2"}]  # mine'},
        {"FEISHU__APP_ID": "cli_1\t# mine", "FEISHU__APP_SECRET": "hunter2"},
        *(
            {"FEISHU__APP_ID": "cli_1", "FEISHU__APP_SECRET": "hunter2", key: f"{value} # mine"}
            for key, value in (("FEISHU__ENABLED", "false"), ("FEISHU__DOMAIN", "lark"), ("FEISHU__TRANSPORT", "sdk"))
        ),
    ],
)
def test_a_comment_behind_a_value_is_named(environ):
    [line] = problems({}, environ)
    assert "has a comment behind it, which docker run --env-file keeps" in line


def test_a_hash_without_a_comment_is_fine():
    config = load_config({"feishu_bots": [{**BOT, "name": "Bot #1", "app_secret": "a#b"}]})
    assert (config.feishu_bots[0].name, config.feishu_bots[0].app_secret.get_secret_value()) == ("Bot #1", "a#b")


def test_white_space_around_a_name_does_no_harm():
    """It stood on the status page and in the log, which a carriage return writes over."""
    assert load_config({"feishu_bots": [{**BOT, "name": "Bot A \r"}]}).feishu_bots[0].name == "Bot A"


@pytest.mark.parametrize("line", ["'[", "'[{", '"['])
def test_the_first_line_that_docker_takes_alone_keeps_its_quote(line):
    assert "only its first line arrived" in problems({}, {"FEISHU_BOTS": line})[0]


@pytest.mark.parametrize("environ", [{}, {"FEISHU_APP_ID": "cli_1", "feishu_app_secret": "hunter2"}])
def test_one_underscore_too_few_is_named(environ):
    raw = {} if environ else {"feishu_app_id": "cli_1", "feishu_app_secret": "hunter2"}
    first, second = unknown_keys(raw, environ)
    assert first == "FEISHU_APP_ID is not read: the key of one bot has two underscores, FEISHU__APP_ID"
    assert second.endswith("FEISHU__APP_SECRET")
    assert (
        unknown_keys({"feishu_api_base": "x", "feishu": BOT, "feishu_zzz": 1, "driver": "~none"}, {"HOME": "/"}) == []
    )


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("FEISHU_APPID", "FEISHU__APP_ID"),
        ("FEISHU_APP_SECERT", "FEISHU__APP_SECRET"),
        ("FEISHU_SECRET", "FEISHU__APP_SECRET"),
        ("FEISHU_ENCRYPTKEY", "FEISHU__ENCRYPT_KEY"),
        ("FEISHU_APP__ID", "FEISHU__APP_ID"),
        ("FEISHU_BOT", "FEISHU_BOTS"),
        ("FEISHU_CLIENT_ID", "FEISHU__APP_ID"),
        ("FEISHU_BOTS_0_APP_ID", "FEISHU__APP_ID"),
        ("FEISHU_REDIS_URL", "FEISHU_STORE"),
        ("FEISHU_TOKEN", "FEISHU__VERIFICATION_TOKEN"),
        ("FEISHU_HTTP_PROXY", "FEISHU__PROXY"),
        ("FEISHU_PROXIES", "FEISHU__PROXY"),
        ("FEISHU_ID", "FEISHU__APP_ID"),
        ("FEISHU", "FEISHU_BOTS"),
    ],
)
def test_a_key_of_a_bot_written_another_way_is_named(key, meant):
    assert unknown_keys({}, {key: "x"}) == [f"{key} is no key of this adapter; did you mean {meant}?"]
    assert unknown_keys({}, {meant: "x"}) == []


@pytest.mark.parametrize(
    "name", ["\ufefffeishu_bots", "feishu-app-id", "feishu.bots", "feishu__app_id\u200b", "export feishu_bots"]
)
def test_a_name_with_a_character_that_no_key_has_is_named(name):
    """A file's byte order mark, a copied invisible character, a shell's word: the key was not read, without a word."""
    [line] = [it for it in unknown_keys({name: "x"}) if "letters, digits and underscores" in it]
    assert line.startswith(f"{name.upper()!r} is not read")
    assert unknown_keys({}, {"npm_config_@feishu:registry": "x", "PATH": "y"}) == []


def test_a_key_of_a_bot_with_an_invisible_character_shows_it():
    """It was "app_id is no key of a bot; did you mean app_id?"."""
    _, line = problems({"feishu_bots": [{"app_id\u200b": "cli_1", "app_secret": "hunter2"}]})
    assert "it has a character that no key has ('app_id\\u200b'); did you mean \"app_id\"?" in line


@pytest.mark.parametrize("proxy", ["http://user:hunter2 @h:1", "http://h :1"])
def test_a_proxy_with_a_space_is_refused(proxy):
    assert "must be http://host:port" in problems({"feishu_bots": [{**BOT, "proxy": proxy}]})[0]


def test_a_key_of_a_bot_below_the_list_is_named():
    [line] = problems({}, {"FEISHU_BOTS__APP_ID": "cli_1"})[:1]
    assert line.endswith("the key of one bot is FEISHU__APP_ID")


def test_a_key_of_the_adapter_with_one_underscore_too_many_is_named():
    line = problems({}, {"FEISHU__APP_ID": "cli_1", "FEISHU__APP_SECRET": "hunter2", "FEISHU__STORE": "memory://"})[0]
    assert line == "FEISHU__STORE: is no key of a bot but one of the adapter: FEISHU_STORE, with one underscore"


@pytest.mark.parametrize(
    ("raw", "environ", "says"),
    [
        (
            {},
            {"LARK_APP_ID": "cli_1", "LARK_APP_SECRET": "hunter2"},
            "LARK_APP_ID and LARK_APP_SECRET is not read here",
        ),
        ({"app_id": "cli_1"}, {}, "APP_ID is not read here: one bot has FEISHU__APP_ID"),
        ({"lark": {"app_secret": "hunter2"}}, {}, "LARK_APP_SECRET is not read here: one bot has FEISHU__APP_SECRET"),
        ({}, {"FEISHUAPPID": "cli_1"}, "FEISHUAPPID is not read"),
    ],
)
def test_names_that_other_programs_have_are_named_where_no_bot_is_configured(raw, environ, says):
    [line] = explain_no_bots(raw, environ)
    assert line.startswith(says)
    assert "hunter2" not in line
    assert explain_no_bots({"feishu_bots": [], "id": 1}, {"APP_NAME": "x", "CLIENT": "y"}) == []


async def test_the_adapter_names_them(run_adapter, logs, monkeypatch):
    monkeypatch.setenv("LARK_APP_ID", "cli_1")
    async with run_adapter([{**BOT, "enabled": False}], connected=False):
        [line] = [line for line in logs if "No bot is configured" in line]
    assert "LARK_APP_ID is not read here" in line


def test_a_bot_by_its_place_in_the_list_beside_the_list_is_read():
    """It ended in an ``AttributeError``."""
    environ = {"FEISHU_BOTS": "[]", "FEISHU_BOTS__0__APP_ID": "cli_1", "FEISHU_BOTS__0__APP_SECRET": "hunter2"}
    assert [bot.app_id for bot in load_config({}, environ).feishu_bots] == ["cli_1"]


def test_a_configuration_that_fails_for_one_underscore_names_it():
    raw = {"feishu_app_id": "cli_1", "feishu": {"app_secret": "hunter2"}}
    with pytest.raises(ConfigError) as caught:
        load_config(raw)
    assert "FEISHU__APP_ID: is missing" in str(caught.value)
    assert "FEISHU_APP_ID is not read: the key of one bot has two underscores, FEISHU__APP_ID" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_that_is_not_used_is_named(name):
    environ = {name: "http://user:hunter2@proxy:8080"}
    config = load_config({"feishu_bots": [BOT, {**BOT, "app_id": "cli_2", "proxy": "http://h:1"}]})
    [line] = unused_proxies(config, environ)
    assert line.startswith(f"{name} of the environment is not used by cli_1. A proxy is a key of the bot")
    assert "hunter2" not in line
    assert unused_proxies(config, {name: ""}) == unused_proxies(config, {"NO_PROXY": "*"}) == []
    [line] = unused_proxies(config, {}, {name.lower(): "http://user:hunter2@proxy:8080", "driver": "~none"})
    assert line.startswith(f"{name.upper()} of .env is not used by cli_1.")
    assert unused_proxies(load_config({"feishu_bots": [BOT], "feishu_sandbox": True}), environ) == []


def test_a_bot_given_as_an_object_is_checked_too():
    with pytest.raises(ValueError, match="ends with a space"):
        BotConfig.model_validate({**BOT, "app_id": "cli_1 "})
