"""Cards on the chat page in a real browser: shown, filled in, clicked, replaced."""

import json
import os
import shutil

import pytest

from nonebot_adapter_feishu_ws.card import (
    Button,
    Card,
    Checker,
    CollapsiblePanel,
    Column,
    Columns,
    Confirm,
    DatePicker,
    Div,
    Divider,
    Form,
    Header,
    Input,
    Markdown,
    MultiSelect,
    Option,
    Select,
    SelectPerson,
    Table,
    TableColumn,
    Text,
    TextTag,
    Toast,
    card_response,
)
from nonebot_adapter_feishu_ws.sandbox import Message
from tests.conftest import APP

from .raw_bot import raw_bot

pytestmark = pytest.mark.needs("chromium")

DEPLOY = Card(
    header=Header("Deploy", "production", "blue", text_tag_list=[TextTag("v1.2", "green")]),
    elements=[
        Markdown("**v1.2** is [ready](https://example.com) <img src=x onerror=alert(1)>"),
        Columns(
            [
                Column(
                    [Button("Approve", value={"action": "approve"}, type="primary", confirm=Confirm("Sure?", "Yes"))]
                ),
                Column([Button("Reject", value={"action": "reject"}, type="danger")]),
                Column([Button("Later", disabled=True)]),
            ]
        ),
        Divider(),
        Table(
            [TableColumn("k", "Check"), TableColumn("v", "Result")],
            [{"k": "tests", "v": "passed"}, {"k": "lint", "v": 0}],
        ),
        CollapsiblePanel("Details", [Div("hidden away")]),
        Select(["blue", Option("Green", "g")], value={"select": 1}, placeholder="Colour"),
    ],
)
ASK = Card(
    header=Header("Survey", template="orange"),
    elements=[
        Form(
            "f",
            [
                Input("Reason", name="reason", required=True, placeholder="Why?"),
                Input("More", name="more", input_type="multiline_text"),
                Select(["a", Option("B", "b")], name="one", placeholder="One"),
                MultiSelect(["x", "y", "z"], name="some"),
                SelectPerson(name="who", placeholder="Who"),
                DatePicker("2024-01-02", name="day"),
                Checker("I agree", name="agree"),
                Columns([Column([Button("Send", name="send", form_action_type="submit", type="primary_filled")])]),
            ],
        )
    ],
)
OLD = {
    "config": {"wide_screen_mode": True},
    "header": {"title": {"tag": "plain_text", "content": "Version 1"}, "template": "green"},
    "elements": [
        {"tag": "div", "text": {"tag": "lark_md", "content": "**old** text"}},
        {
            "tag": "action",
            "actions": [{"tag": "button", "text": {"tag": "plain_text", "content": "Old button"}, "value": {"old": 1}}],
        },
        {"tag": "note", "elements": [{"tag": "plain_text", "content": "a note"}]},
    ],
}


@pytest.fixture
def show(sandbox):
    """Puts a card into the group as the bot's message."""
    sandbox.populate_default()
    group = next(chat for chat in sandbox.world.chats.values() if chat.mode == "group")

    async def run(card: dict) -> Message:
        number = sandbox.world.last_number
        message = Message(
            f"om_{number}", group.chat_id, APP, "app", "interactive", json.dumps(card), sandbox.world.now_ms()
        )
        sandbox.world.add_message(message)
        await sandbox.world.notify()
        return message

    return run


@pytest.fixture
async def page(sandbox, show):
    from playwright.async_api import async_playwright, expect

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        page = await browser.new_page(locale="en-US", viewport={"width": 1100, "height": 1500})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(sandbox.url)
        await page.locator(".chat", has_text="Sandbox group").click()
        await expect(page.locator("#log")).to_be_visible()
        yield page
        assert errors == []
        await browser.close()


async def test_a_card_with_texts_by_language_is_shown_in_that_of_the_page(show, page):
    """``bot.confirm`` writes both: the page showed the Chinese one to everybody."""
    from playwright.async_api import expect

    both = {"zh_cn": "已同意", "en_us": "Approved"}
    await show(Card([Markdown("已同意", i18n_content=both), Div(Text("好", i18n_content={"en_us": "Fine"}))]).to_dict())
    await expect(page.locator(".card")).to_have_text("Approved Fine")


async def test_cards_are_shown_and_a_click_replaces_one(sandbox, show, page, tmp_path):
    from playwright.async_api import expect

    actions: list[dict] = []

    async def answer(event):
        action = event["event"]["action"]
        actions.append(action)
        if action.get("value") == {"action": "approve"}:
            done = Card([Markdown("Approved")], header=Header("Deploy", template="green"))
            return card_response(Toast("Thank you", "success"), done)
        return card_response(Toast("noted"))

    async with raw_bot(sandbox.url, answer):
        await show(DEPLOY.validate().to_dict())
        await show(ASK.validate().to_dict())
        await show(OLD)
        deploy, ask, old = (page.locator(".card").nth(number) for number in range(3))
        await expect(deploy.locator("header")).to_contain_text("Deploy")
        await expect(deploy.locator("header")).to_have_css("background-color", "rgb(43, 98, 227)")
        await expect(deploy.locator("strong", has_text="v1.2")).to_be_visible()
        await expect(deploy.locator("img")).to_have_count(0)
        await expect(deploy.locator("td")).to_have_text(["tests", "passed", "lint", "0"])
        await expect(deploy.get_by_role("button", name="Later")).to_be_disabled()
        await expect(deploy.get_by_text("hidden away")).to_be_hidden()
        await expect(old.locator("header")).to_have_text("Version 1")
        await expect(old).to_contain_text("a note")
        await page.screenshot(path=f"{os.environ.get('SCREENSHOTS', tmp_path)}/cards.png")

        await deploy.locator("select").select_option("g")
        await expect(page.locator("#toast")).to_have_text("noted")
        await old.get_by_role("button", name="Old button").click()

        await ask.get_by_role("button", name="Send").click()
        await expect(page.locator("#toast")).to_have_text("Please fill in every required field.")
        await ask.get_by_placeholder("Why?").fill("because")
        await ask.locator("select[name=one]").select_option("b")
        await ask.locator("select[name=some]").select_option(["x", "z"])
        await ask.locator("select[name=who]").select_option(label="You")
        await ask.get_by_label("I agree").check()
        await show(OLD)  # a new message redraws the page; what was typed stays
        await expect(page.locator(".card")).to_have_count(4)
        await expect(ask.get_by_placeholder("Why?")).to_have_value("because")
        await ask.get_by_role("button", name="Send").click()
        await expect(page.locator("#toast")).to_have_text("noted")

        await deploy.get_by_role("button", name="Approve").click()
        await page.get_by_role("dialog", name="Sure?").get_by_role("button", name="OK").click()
        await expect(page.locator("#toast")).to_have_text("Thank you")
        await expect(deploy).to_contain_text("Approved")
        await expect(deploy.get_by_role("button")).to_have_count(0)
        await page.screenshot(path=f"{os.environ.get('SCREENSHOTS', tmp_path)}/cards-after.png")
    you = next(user for user in sandbox.world.users.values() if user.name == "You")
    select, pressed, form, approve = actions
    assert (select["tag"], select["value"], select["option"]) == ("select_static", {"select": 1}, "g")
    assert (pressed["tag"], pressed["value"]) == ("button", {"old": 1})
    assert form["name"] == "send"
    assert form["form_value"] == {
        "reason": "because",
        "more": "",
        "one": "b",
        "some": ["x", "z"],
        "who": you.open_id,
        "day": "2024-01-02 +0800",
        "agree": True,
    }
    assert approve["value"] == {"action": "approve"}


async def test_what_no_card_should_be_breaks_nothing(sandbox, show, page):
    from playwright.async_api import expect

    for card in (
        {},
        {"elements": [None, 1, [None], {"tag": "x"}]},
        {"schema": "2.0", "body": {"elements": {"tag": 1}}},
    ):
        await show(card)
    await show({"type": "template", "data": {"template_id": "AAq1", "template_variable": {"a": 1}}})
    await show(
        {
            "title": "Received",
            "elements": [[{"tag": "text", "text": "see "}, {"tag": "a", "text": "x", "href": "javascript:1"}]],
        }
    )
    await expect(page.locator(".card")).to_have_count(5)
    await expect(page.locator(".card").last).to_contain_text("see x")
    await expect(page.locator(".card a")).to_have_attribute("href", "#")
    await expect(page.locator(".card").nth(3)).to_contain_text("[template] AAq1")
