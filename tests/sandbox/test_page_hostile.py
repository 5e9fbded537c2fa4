"""Hostile and odd content in the page: it runs nothing, loads nothing from elsewhere, and hides no other message."""

import json
import shutil

import pytest

from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import APP, SECRET

pytestmark = pytest.mark.needs("chromium")
MARK = "document.title = 'pwned'"
IMAGE = f'<img src="x" onerror="{MARK}">'
SCRIPT = f"<script>{MARK}</script>"
LINK = f"javascript:{MARK}"
SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{MARK}">{SCRIPT}</svg>'
FRAME = f'<iframe srcdoc="{SCRIPT}"></iframe>'
MARKDOWN = "\n\n".join(
    (
        IMAGE,
        SCRIPT,
        SVG,
        FRAME,
        f"[link]({LINK})",
        f"[link](<{LINK}>)",
        f"<a href='{LINK}'>link</a>",
        f"<link url='{LINK}'>link</link>",
        f"[link](data:text/html,{SCRIPT})",
        "![x](https://elsewhere.example/x.png)",
        "![x](//elsewhere.example/x.png)",
        f'![x" onerror="{MARK}](img_1)',
        f'<at id=x" onmouseover="{MARK}"></at>',
        f"<font color='red\" onmouseover=\"{MARK}'>x</font>",
        f"```html{IMAGE}\n{SCRIPT}\n```",
        f"| a | b |\n|---|---|\n| {IMAGE} | [x]({LINK}) |",
    )
)
CARD = {
    "schema": "2.0",
    "header": {"title": {"tag": "plain_text", "content": IMAGE}, "template": f'red; background: url("{LINK}")'},
    "body": {
        "elements": [
            {"tag": "markdown", "content": MARKDOWN},
            {"tag": "plain_text", "content": IMAGE},
            {"tag": IMAGE, "content": "x"},
            {"tag": "button", "text": {"content": IMAGE}, "behaviors": [{"type": "open_url", "default_url": LINK}]},
            {"tag": "img", "img_key": f'x" onerror="{MARK}', "alt": {"content": IMAGE}},
            {"tag": "input", "name": f'x"]{IMAGE}', "label": {"content": IMAGE}, "default_value": IMAGE},
            {"tag": "select_static", "name": "s", "options": [{"text": {"content": IMAGE}, "value": IMAGE}]},
            {"tag": "chart", "chart_spec": {"title": {"text": IMAGE}, "type": IMAGE}},
            {"tag": "table", "columns": [{"name": "a", "display_name": IMAGE}], "rows": [{"a": MARKDOWN}]},
        ]
    },
}
POST = {
    "title": IMAGE,
    "content": [
        [
            {"tag": "text", "text": IMAGE, "un_escape": True},
            {"tag": "text", "text": "&lt;img src=x&gt;", "un_escape": True},
        ],
        [{"tag": "a", "text": IMAGE, "href": LINK}, {"tag": "at", "user_id": IMAGE, "user_name": IMAGE}],
        [{"tag": "md", "text": MARKDOWN}],
        [{"tag": "emotion", "emoji_type": IMAGE}, {"tag": "code_block", "text": SCRIPT, "language": IMAGE}],
        [{"tag": "img", "image_key": LINK}, {"tag": "media", "file_key": LINK, "file_name": IMAGE}],
    ],
}
HOSTILE = [
    ("text", {"text": f"{IMAGE} {SCRIPT} [link]({LINK})"}),
    ("post", POST),
    ("interactive", CARD),
    ("file", {"file_key": "file_1", "file_name": f"{IMAGE}.svg"}),
    ("image", {"image_key": "img_1"}),
    ("share_user", {"user_id": IMAGE, "user_name": IMAGE}),
    ("location", {"name": IMAGE, "longitude": IMAGE, "latitude": SCRIPT}),
    ("system", {"template": f"{{a}} {IMAGE}", "a": [IMAGE]}),
    (IMAGE, {"text": IMAGE}),
]
ODD = [
    ("text", {"text": {"a": 1}}),
    ("text", []),
    (
        "post",
        {
            "content": [
                [None, 1, "x", {"tag": "constructor"}, {"tag": "text", "text": 1, "style": ["constructor", None]}]
            ]
        },
    ),
    ("post", {"zh_cn": None}),
    ("interactive", {"header": 1, "elements": [None, 1, [None, [1]], {"tag": "__proto__"}, {"tag": 7}]}),
    (
        "interactive",
        {"body": {"elements": [{"tag": "column_set", "columns": [None]}, {"tag": "markdown", "content": 5}]}},
    ),
    ("interactive", {"header": {"template": "constructor", "title": []}, "elements": {}}),
    (
        "interactive",
        {
            "elements": [
                {"tag": "form", "elements": [{"tag": "input", "name": "__proto__", "max_length": -5}], "name": "f"}
            ]
        },
    ),
    (
        "interactive",
        {"elements": [{"tag": "button", "type": 1, "text": 1}, {"tag": "select_static", "options": [None]}]},
    ),
    (
        "interactive",
        {"elements": [{"tag": "div", "fields": [None]}, {"tag": "table", "columns": [None], "rows": [None]}]},
    ),
    ("audio", {"file_key": None, "duration": "long"}),
    ("todo", {"summary": {"content": "x"}, "due_time": "soon"}),
    ("vote", {"topic": {}, "options": [None, {}]}),
    ("constructor", {}),
]


@pytest.fixture
async def page(request):
    """The page, with what it asked other hosts for and what its scripts raised."""
    from playwright.async_api import async_playwright

    async with Sandbox() as sandbox, async_playwright() as playwright:
        sandbox.add_app(APP, SECRET, name=IMAGE)
        alice, _ = sandbox.add_user(IMAGE), sandbox.add_user("Bob")
        group = sandbox.add_chat(IMAGE, members=[alice], apps=[APP])
        sandbox.world.users[alice.open_id].role = SCRIPT
        await sandbox.send_file(alice, group, SVG.encode(), name=f"{IMAGE}.svg")
        await sandbox.send_file(alice, group, SVG.encode(), kind="image", name="x.svg")
        for msg_type, content in request.param:
            message = sandbox.world.new_message(group, alice.open_id, "user", msg_type, json.dumps(content))
            sandbox.world.add_message(message)
        await sandbox.world.notify()
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        page = await browser.new_page(locale="en-US")
        asked, errors = list[str](), list[str]()
        page.on("request", lambda sent: asked.append(sent.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: errors.append(dialog.message))
        await page.goto(sandbox.url)
        await page.locator(".chat").first.click()
        await page.locator(f".row >> nth={len(request.param) + 1}").wait_for()
        yield page
        assert [url for url in asked if not url.startswith((sandbox.url, "data:"))] == []
        assert errors == []
        await browser.close()


@pytest.mark.parametrize("page", [HOSTILE], indirect=True, ids=["hostile"])
async def test_hostile_content_runs_nothing_and_loads_nothing(page):
    for button in await page.locator("#rows button, #rows summary, #rows a").all():
        await button.dispatch_event("mouseover")
    for row in await page.locator(".row").all():
        await row.hover()
    await page.locator("#inspect").click()
    assert await page.title() != "pwned"
    found = await page.evaluate(
        """() => {
        const all = [...document.querySelectorAll("*")];
        const handlers = all.flatMap(each => [...each.attributes].filter(({ name }) => name.startsWith("on")));
        const links = all.map(each => each.getAttribute("href") || each.getAttribute("src") || "");
        return {
            handlers: handlers.length,
            schemes: links.filter(url => /^(javascript|data:text|vbscript)/i.test(url)),
            foreign: document.querySelectorAll("body script, body iframe, #rows svg [onload]").length,
        };
    }"""
    )
    assert found == {"handlers": 0, "schemes": [], "foreign": 0}


@pytest.mark.parametrize("page", [HOSTILE], indirect=True, ids=["hostile"])
async def test_an_uploaded_svg_is_not_run_when_it_is_opened(page):
    links = await page.locator("#rows a.file, #rows a.picture").all()
    answers = [await page.request.get(await link.evaluate("each => each.href")) for link in links]
    given = [answer for answer in answers if answer.ok]
    assert len(given) == 2
    for answer in given:
        assert answer.headers["content-type"] in ("image/png", "application/octet-stream")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "script-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("page", [ODD], indirect=True, ids=["odd"])
async def test_a_message_of_an_odd_shape_hides_no_other_one(page):
    """Before: one component named ``constructor``, or an option that is null, left the whole history empty."""
    assert await page.locator(".row").count() == len(ODD) + 2
    assert all(await page.locator(".row .bubble").evaluate_all("found => found.map(each => each.innerHTML)"))
