"""The sandbox's page with 10,000 messages in one chat, in Chromium.

``python benchmarks/page.py [--messages 10000] [--write]``: somebody opens the chat, scrolls up to its first message,
and back at the end a new message comes. Milliseconds; a frame at 60 Hz takes 17.
"""

import argparse
import asyncio
import shutil
import statistics
import time

from playwright.async_api import Page, async_playwright
from processes import describe_machine, write_section

from nonebot_adapter_feishu_ws.sandbox import Sandbox
from nonebot_adapter_feishu_ws.sandbox.state import Chat, User

WORDS = "Shall we meet at ten, or is that too early for you? "
DRAWN = """number => new Promise(resolve => {
    const rows = document.getElementById("rows");
    const look = () => rows.lastChild?.textContent.includes(`answer ${number}.`) && (observer.disconnect(), resolve());
    const observer = new MutationObserver(look);
    observer.observe(rows, { childList: true, subtree: true, characterData: true });
    look();
})"""
BLOCKED = """() => new Promise(resolve => {
    const log = document.getElementById("log"), frames = [];
    let last = performance.now(), at = 0;
    const step = now => {
        frames.push(now - last);
        last = now;
        log.scrollTop = (at += 0.01) * log.scrollHeight;
        at < 1 ? requestAnimationFrame(step) : resolve(frames.slice(1));
    };
    requestAnimationFrame(step);
})"""


def fill(sandbox: Sandbox, user: User, chat: Chat, count: int) -> None:
    """Put a history into a chat."""
    for number in range(count):
        text = f'{{"text": "{number}: {WORDS * (number % 4 + 1)}"}}'
        message = sandbox.world.new_message(chat, user.open_id, "user", "text", text)
        message.create_time -= (count - number) * 60_000
        sandbox.world.add_message(message)


async def look(page: Page, sandbox: Sandbox, user: User, chat: Chat, count: int) -> list[tuple[str, float]]:
    """Open, scroll up, scroll through, write."""
    began = time.perf_counter()
    await page.goto(sandbox.url)
    await page.locator(".chat", has_text=chat.name).click()
    await page.locator(".row").first.wait_for()
    results = [("the chat is open", 1000 * (time.perf_counter() - began))]
    began = time.perf_counter()
    while await page.locator(".row").count() < count:
        await page.evaluate("document.getElementById('log').scrollTop = 0")
        await page.wait_for_timeout(5)
    results.append((f"all {count:,} were read, from the end to the first", 1000 * (time.perf_counter() - began)))
    frames: list[float] = await page.evaluate(BLOCKED)
    results.append(("a frame while scrolling through all of them, median", statistics.median(frames)))
    results.append(("the slowest of these frames", max(frames)))
    took: list[float] = []
    for number in range(20):
        began = time.perf_counter()
        await asyncio.gather(page.evaluate(DRAWN, number), sandbox.say(user, chat, f"answer {number}."))
        took.append(1000 * (time.perf_counter() - began))
    results.append(("a new message is shown, median", statistics.median(took)))
    return results


async def measure(count: int) -> list[tuple[str, float]]:
    """Run the sandbox and a browser."""
    async with Sandbox() as sandbox, async_playwright() as playwright:
        sandbox.add_app("cli_a0b1c2d3e4f56789", "secret", name="Bot")
        user = sandbox.add_user("Li Lei")
        chat = sandbox.add_chat("A long history", members=[user], apps=[])
        fill(sandbox, user, chat, count)
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        page = await browser.new_page(locale="en-US", viewport={"width": 1440, "height": 900})
        results = await look(page, sandbox, user, chat, count)
        await browser.close()
        return results


def main() -> None:
    """Measure, print, and write if wanted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    results = asyncio.run(measure(options.messages))
    lines = ["| in Chromium | ms |", "|---|---:|", *(f"| {name} | {value:,.0f} |" for name, value in results)]
    text = "\n".join([*lines, "", describe_machine()])
    print(text)
    if options.write:
        write_section("page", text)


if __name__ == "__main__":
    main()
