"""Which exception an answer becomes, and what its text says."""

import json
import re
import runpy
from pathlib import Path

import pytest

from nonebot_adapter_feishu_ws import (
    ActionFailed,
    InvalidContent,
    PermissionDenied,
    RateLimited,
    TargetUnavailable,
    Unauthorized,
)
from nonebot_adapter_feishu_ws.codes import explain
from nonebot_adapter_feishu_ws.codes.table import GROUPS
from nonebot_adapter_feishu_ws.exception import DEFAULT_WAIT, make_failure

ROOT = Path(__file__).parent.parent.parent
FACTS = list(map(json.loads, (ROOT / "scripts" / "codes.jsonl").read_text("utf-8").splitlines()))
"""What Feishu's documents say of each code, and of which APIs."""
DOCUMENTED = [fact for fact in FACTS if "of" in fact]
INVALID = "Your request contains an invalid request parameter, ext="


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (99991672, PermissionDenied),
        (99991679, PermissionDenied),
        (230027, PermissionDenied),
        (99991400, RateLimited),
        (230020, RateLimited),
        (11232, RateLimited),
        (230002, TargetUnavailable),
        (230011, TargetUnavailable),
        (230013, TargetUnavailable),
        (232009, TargetUnavailable),
        (230025, InvalidContent),
        (230099, InvalidContent),
        (230054, InvalidContent),
        (10014, Unauthorized),
        (99991663, Unauthorized),
        (230001, ActionFailed),
        (424242, ActionFailed),
    ],
)
def test_a_code_becomes_the_class_by_which_a_caller_acts(code, kind):
    assert type(make_failure(code, "text")) is kind


def test_F8_codes_that_the_sdks_channel_table_has_wrong():
    """There 99991400 is a missing permission (never tried again), 230020 a recalled message (sent anew at once)."""
    assert type(make_failure(99991400, "request trigger frequency limit")) is RateLimited
    assert type(make_failure(230020, "This operation triggers the frequency limit.")) is RateLimited


@pytest.mark.parametrize(
    ("ext", "kind"),
    [
        ("invalid receive_id.", TargetUnavailable),
        ("invalid message_id", TargetUnavailable),
        ("invalid message content.", InvalidContent),
        ("uuid is too long.", ActionFailed),
    ],
)
def test_230001_is_told_apart_by_its_text(ext, kind):
    assert type(make_failure(230001, INVALID + ext)) is kind


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-ogw-ratelimit-reset": "52"}, 52),
        ({"x-ogw-ratelimit-reset": "0.5"}, 0.5),
        ({"x-ogw-ratelimit-reset": "soon"}, DEFAULT_WAIT),
        ({"x-ogw-ratelimit-reset": "-5"}, DEFAULT_WAIT),
        ({"x-ogw-ratelimit-reset": "nan"}, DEFAULT_WAIT),
        ({"x-ogw-ratelimit-reset": "1e99"}, DEFAULT_WAIT),
        ({}, DEFAULT_WAIT),
        (None, DEFAULT_WAIT),
    ],
)
def test_the_wait_is_what_the_header_names_if_it_can_be_believed(headers, wait):
    error = make_failure(99991400, "", headers=headers)
    assert isinstance(error, RateLimited)
    assert error.retry_after == wait


def test_http_429_is_a_rate_limit_whatever_the_code():
    assert isinstance(make_failure(0, "HTTP 429", status_code=429), RateLimited)


def test_scopes_and_link_are_found_in_the_text_too():
    link = "https://open.feishu.cn/app/cli_a/auth?q=im:chat:readonly,im:chat&op_from=openapi&token_type=tenant"
    text = (
        "Access denied. One of the following scopes is required: [im:chat:readonly, im:chat].应用尚未开通所需的应用"
        f"身份权限：[im:chat:readonly, im:chat]，点击链接申请并开通任一权限即可：{link}"
    )
    error = make_failure(99991672, text)
    assert isinstance(error, PermissionDenied)
    assert error.missing_scopes == ["im:chat:readonly", "im:chat"]
    assert error.grant_url == link


def test_the_text_says_what_happened_what_it_means_and_what_to_do():
    error = make_failure(230013, "Bot has NO availability to this user.", request="POST /open-apis/im/v1/messages")
    for part in ("POST /open-apis/im/v1/messages failed", "[code 230013]", "availability", "可用范围"):
        assert part in str(error)
    assert repr(error).startswith("<TargetUnavailable ")


def test_every_code_stands_once_and_says_something():
    codes = [code for group in GROUPS.values() for code in group]
    assert len(codes) == len(set(codes))
    for code in codes:
        known = explain(code)
        assert known is not None
        assert known.meaning.rstrip(".") == known.meaning != "", code
        assert known.advice.endswith("."), code
    assert explain(None) is None
    assert explain(424242) is None


def documented_of(*apis: str) -> set[int]:
    return {fact["code"] for fact in DOCUMENTED if {*apis} & {*fact["of"]}}


def test_codes_every_documented_code_of_messages_cards_bots_tokens_users_and_files_is_known():
    """Before: 95 of the 204 of im, cardkit and bot (which documents none of its own)."""
    assert len(documented_of("im", "cardkit")) == 204
    counts = {api: len(documented_of(api)) for api in ("auth", "contact", "files", "callback", "card")}
    assert counts == {"auth": 64, "contact": 129, "files": 46, "callback": 14, "card": 13}
    assert len(documented_of("batch")) == 13, "messages to many users at once, which have codes of their own"
    assert [fact["code"] for fact in DOCUMENTED if explain(fact["code"]) is None] == []


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("rate.?limit(ed)?|frequency limit|trigger .*limit", "rate"),
        ("internal error|please retry|retry later|can retry|try again later|system error", "busy"),
    ],
)
def test_codes_the_retry_class_is_that_of_feishus_message(words: str, kind: str):
    """What Feishu's message calls too often, or over soon, is tried again."""
    said = {fact["code"] for fact in DOCUMENTED if re.search(rf"\b(?:{words})\b", fact["msg"].lower())}
    assert len(said) > 3
    assert {code: known.kind for code in said if (known := explain(code)) and known.kind != kind} == {}


def test_codes_words_are_our_own():
    """Feishu's message stands in its own column of the docs; what it means is said in other words."""
    same = [fact["code"] for fact in FACTS if (known := explain(fact["code"])) and known.meaning == fact["msg"].lower()]
    assert same == []


def test_codes_the_chinese_page_has_every_code_in_chinese():
    """Each code of ``codes.toml`` has its words in ``codes_zh.toml``, which say "tried again" for the same codes."""
    script = runpy.run_path(str(ROOT / "scripts" / "generate_codes.py"))
    chinese = script["read_chinese"]()
    english = {row.code: row for subject in script["read_subjects"]() for row in subject.rows}
    assert chinese.keys() == english.keys()
    for code, words in chinese.items():
        assert all(re.search("[\u4e00-\u9fff]", text) and not re.search(r"[{}]", text) for text in words), code
        assert ("自动重试" in words[1]) == ("is tried again" in english[code].advice), code


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_in_the_docs_is_up_to_date(language):
    page = (ROOT / "docs" / language / "errors.md").read_text("utf-8")
    script = runpy.run_path(str(ROOT / "scripts" / "generate_codes.py"))
    assert script["fill"](page, language) == page, "run python scripts/generate_codes.py"


def test_generating_the_codes_again_changes_nothing():
    """If it does: ``python scripts/generate_codes.py``, then look at the difference."""
    script = runpy.run_path(str(ROOT / "scripts" / "generate_codes.py"))
    table = ROOT / "nonebot_adapter_feishu_ws" / "codes" / "table.py"
    assert script["source"]() == table.read_text("utf-8")
