"""``SUPERUSERS`` in the form that the docs show: NoneBot itself decides who is one."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from nonebot.config import Config, Env
from nonebot.drivers.none import Driver
from nonebot.permission import SUPERUSER
from nonebug import App

from nonebot_adapter_feishu_ws import Adapter, Bot
from nonebot_adapter_feishu_ws.config import read_files, superuser_warnings
from nonebot_adapter_feishu_ws.testing import bot_options, make_private_message

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / ".env.example", *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")]
SHOWN = [
    (path.relative_to(ROOT).as_posix(), found)
    for path in PAGES
    for found in re.findall(r'SUPERUSERS *= *(\[".*?"\])', path.read_text("utf-8"))
]


async def is_superuser(names: Iterable[str]) -> bool:
    settings = {"superusers": list(names), "feishu_store": "memory://"}
    adapter = Adapter(Driver(Env(environment="test"), Config.model_validate(settings)))
    return await SUPERUSER(Bot(adapter, **bot_options()), make_private_message("hi", open_id="ou_li"))


@pytest.mark.parametrize(
    ("name", "matches"),
    [
        ("feishu:ou_li", True),
        ("ou_li", True),
        ("Feishu:ou_li", False),
        ("FEISHU:ou_li", False),
        ("feishu: ou_li", False),
        (" feishu:ou_li", False),
        ("feishu_ws:ou_li", False),
        ("feishu:on_li", False),
        ("FeiShu:on_li", False),
        ("feishu\uff1aou_li", False),
        ("Feishu\uff1a4d7a3c6g", False),
        ("feishu:ou_li\u200b", False),
        ("feishu:ou_li # me", False),
        ("'feishu:ou_li'", False),
        ("@ou_li", False),
        ("feishu-ou_li", False),
        ("Feishu:4d7a3c6g", False),
        ("OU_li", False),
        ("feishu:oc_li", False),
        ("feishu:ou_...", False),
        ("feishu:li@example.com", False),
    ],
)
async def test_C28_superusers_in_the_form_that_nonebot_compares(name: str, matches: bool):
    """What NoneBot does not match gets a warning that says what to write; what it matches gets none."""
    assert await is_superuser({name}) is matches
    warnings = list(superuser_warnings({"superusers": {name}}))
    assert [repr(name) in text and "feishu:" in text for text in warnings] == [] if matches else [True]


@pytest.mark.parametrize("name", ["feishu:ou_li,feishu:ou_amy", "ou_li ou_amy"])
def test_C28_several_in_one_text_are_all_named(name: str):
    [text] = superuser_warnings({"superusers": {name}})
    assert text.endswith("write 'feishu:ou_li' and 'feishu:ou_amy'")


def test_C28_names_of_other_adapters_get_no_warning():
    assert list(superuser_warnings({"superusers": {"onebot:123456", "123456", "qq:ABCDEF", "feishu:4d7a3c6g"}})) == []


@pytest.mark.parametrize(("page", "names"), SHOWN)
async def test_C28_every_page_shows_a_form_that_matches(page: str, names: str):
    assert await is_superuser({name.replace("ou_...", "ou_li") for name in json.loads(names)}), page


def test_C28_the_env_example_and_both_languages_show_it():
    assert {".env.example", "docs/en/handlers.md", "docs/zh/handlers.md"} <= {page for page, _ in SHOWN}


async def test_C28_a_wrong_one_is_told_at_start(run_adapter, logs):
    async with run_adapter(superusers=["Feishu:ou_li"]):
        assert [line for line in logs if "SUPERUSERS" in line and "write 'feishu:ou_li'" in line]


def test_C28_the_doctor_reads_it_from_the_file(tmp_path):
    path = tmp_path / ".env"
    path.write_text('SUPERUSERS=["Feishu:ou_li", "feishu:ou_amy"]\n', "utf-8")
    _, warnings = read_files(str(path))
    assert [text.partition(",")[0] for text in warnings] == ["SUPERUSERS has 'Feishu:ou_li'"]


async def test_C28_under_nonebug_the_bare_id_matches(app: App):
    """Its adapter is named "fake", whatever its base: docs/en/testing.md shows the bare id for such tests."""
    async with app.test_api() as ctx:
        bot = ctx.create_bot(base=Bot, adapter=ctx.create_adapter(base=Adapter), **bot_options())
        bot.config.superusers = {"ou_user"}
        try:
            assert await SUPERUSER(bot, make_private_message())
        finally:
            bot.config.superusers = set()
