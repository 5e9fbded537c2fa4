"""Three replicas of a bot on one Redis, in trouble and at work: ``python benchmarks/replicas.py``.

Writes the tables into docs/reliability.md. Takes about twelve minutes. With ``--only WORDS`` only the stories are lived
through whose name contains these words, and their rows are printed.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from nonebot_adapter_feishu_ws.sandbox import Sandbox  # noqa: E402
from tests.redis_server import RedisServer  # noqa: E402
from tests.replicas import APP, SECRET, Replicas, Sums  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- replicas: begin -->\n", "<!-- replicas: end -->"
TAKEOVER = 10.0
PAUSE = 40.0
EVERY, RESTARTS = 5.0, 36
TROUBLE = (
    "| trouble | messages sent | handled | handled twice | lost | answers | answers doubled | answered after (s) |\n"
    "|---|---|---|---|---|---|---|---|\n"
)
WORK = "| replicas | messages | seconds | messages per second | handled by each |\n|---|---|---|---|---|\n"


async def nothing(replicas: Replicas) -> None:
    await replicas.say(600, 0.01)


async def killed(replicas: Replicas) -> None:
    await replicas.say(300, 0.01)
    replicas.signal("a", signal.SIGKILL)
    await replicas.say(300, 0.01)


async def paused(replicas: Replicas) -> None:
    await replicas.say(300, 0.01)
    replicas.signal("a", signal.SIGSTOP)
    await replicas.say(100, 0.01)
    await asyncio.sleep(PAUSE)
    replicas.signal("a", signal.SIGCONT)
    await replicas.say(200, 0.01)


async def redis_restarted(replicas: Replicas) -> None:
    await replicas.say(300, 0.01)
    replicas.redis.stop(signal.SIGTERM)
    replicas.redis.start()
    await replicas.say(300, 0.01)


async def redis_killed(replicas: Replicas) -> None:
    await replicas.say(200, 0.01)
    replicas.redis.stop(signal.SIGKILL)
    await replicas.say(200, 0.01)
    await asyncio.sleep(2)
    replicas.redis.start()
    await replicas.say(200, 0.01)


async def everything(replicas: Replicas) -> None:
    await replicas.say(150, 0.01)
    replicas.signal("a", signal.SIGKILL)
    await replicas.say(150, 0.01)
    replicas.signal("b", signal.SIGSTOP)
    await replicas.say(100, 0.01)
    replicas.redis.stop(signal.SIGTERM)
    replicas.redis.start()
    await replicas.say(100, 0.01)
    await asyncio.sleep(PAUSE)
    replicas.signal("b", signal.SIGCONT)
    await replicas.start("d")
    await replicas.say(100, 0.01)


async def restarted(replicas: Replicas) -> None:
    """Restart one replica after the other, while messages come all the time."""
    talking = asyncio.create_task(_talk(replicas))
    running = deque(replicas.processes)
    for number in range(RESTARTS):
        await asyncio.sleep(EVERY)
        oldest = running.popleft()
        replicas.signal(oldest, signal.SIGTERM)
        await asyncio.to_thread(replicas.processes[oldest].wait)
        running.append(f"{oldest[0]}{number}")
        await replicas.start(running[-1])
    talking.cancel()
    await asyncio.wait({talking})


async def _talk(replicas: Replicas) -> None:
    while True:
        await replicas.say(1, 0.05)


STORIES: dict[str, Callable[[Replicas], Awaitable[None]]] = {
    "none": nothing,
    "one replica killed (SIGKILL)": killed,
    f"one replica paused for {PAUSE:g} s (SIGSTOP, SIGCONT)": paused,
    f"one replica restarted (SIGTERM) every {EVERY:g} s, {RESTARTS} times": restarted,
    "Redis restarted (SIGTERM)": redis_restarted,
    "Redis killed, down for some 4 s, its data kept": redis_killed,
    f"one replica paused for {PAUSE:g} s, 4 handlers at a time in each": paused,
    f"one killed, one paused for {PAUSE:g} s, Redis restarted, a new one started": everything,
}
FEW = {"FEISHU_MAX_RUNNING_HANDLERS": "4"}


async def run(names: str, story: Callable[[Replicas], Awaitable[None]], **env: str) -> tuple[Sums, Counter[str], float]:
    """Have replicas live through a story; returns what became of the messages, how many each replica has handled, and
    the seconds from the story's end until all is answered."""
    with tempfile.TemporaryDirectory(prefix="feishu-replicas-") as folder:
        redis = RedisServer(Path(folder))
        redis.start()
        try:
            async with Sandbox(redelivery=(2.0,) * 60, ack_timeout=3.0) as sandbox:
                sandbox.add_app(APP, SECRET)
                async with Replicas(sandbox, redis, Path(folder), **env) as replicas:
                    await replicas.start(*names)
                    await story(replicas)
                    ended = time.monotonic()
                    await replicas.settle(120)
                    seconds = time.monotonic() - ended
                    return replicas.sums(), replicas.shares(), seconds
        finally:
            redis.stop()


async def trouble(name: str) -> str:
    """One row of the first table."""
    env = {"WORK": "0.3", "FEISHU_TAKEOVER_AFTER": str(TAKEOVER), **(FEW if "4 handlers" in name else {})}
    it, _, seconds = await run("abc", STORIES[name], **env)
    counts = (it.sent, it.handled, it.handled_twice, it.lost, it.answers, it.doubled)
    return f"| {name} | {' | '.join(map(str, counts))} | {seconds:.1f} |\n"


async def work(names: str) -> str:
    """One row of the second table."""
    sending = 0.0

    async def burst(replicas: Replicas) -> None:
        nonlocal sending
        started = time.monotonic()
        await replicas.say(600)
        sending = time.monotonic() - started

    _, shares, answering = await run(names, burst, WORK="0.4", FEISHU_MAX_RUNNING_HANDLERS="8")
    seconds = sending + answering
    by_name = ", ".join(str(shares[name]) for name in names)
    return f"| {len(names)} | 600 | {seconds:.1f} | {600 / seconds:.0f} | {by_name} |\n"


async def main(only: str) -> None:
    rows = [await trouble(name) for name in STORIES if only in name]
    if only:
        print(f"{TROUBLE}{''.join(rows)}")
        return
    loads = [await work(names) for names in ("a", "ab", "abc")]
    text = f"{TROUBLE}{''.join(rows)}\n{WORK}{''.join(loads)}"
    print(text)
    page = PAGE.read_text("utf-8")
    head, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}{text}{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="words of the names of the stories")
    asyncio.run(main(parser.parse_args().only))
