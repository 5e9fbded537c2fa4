"""Who has no token, a wrong one, or that of another bot, on a real server."""

import statistics
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.conftest import APP
from tests.management.test_routes import ONLY_B, OPERATOR, managed

Saw = Callable[[str], None]
ROUTES = (("GET", "status"), ("POST", "connect"), ("POST", "disconnect"))


@pytest.mark.fault(33)
async def test_every_control_route_is_closed_to_others(sandbox, run_adapter, saw: Saw):
    seen: dict[str, Counter[int]] = {}
    async with managed(run_adapter, sandbox) as (adapter, call):
        who = {"no token": None, "a wrong token": "wrong-token-0123456789", "another bot's token": ONLY_B}
        for name, token in who.items():
            seen[name] = Counter([(await call(f"bots/{APP}/ws/{what}", token, method))[0] for method, what in ROUTES])
        state = adapter.connections.get_status(APP).state.value
        right = (await call(f"bots/{APP}/ws/status", OPERATOR))[0]
    assert seen == {"no token": {401: 3}, "a wrong token": {401: 3}, "another bot's token": {404: 3}}
    assert (state, right) == ("connected", 200)
    told = ", ".join(f"{name} {next(iter(codes))}" for name, codes in seen.items())
    saw(f"status, connect and disconnect: {told}; the right token {right}, the bot still {state}")


@pytest.mark.fault(33)
async def test_guessing_is_slowed_down_and_tells_nothing_by_its_time(sandbox, run_adapter, logs, saw: Saw):
    """Tokens that are wrong from the first or only in the last character take turns; the times are for the reader."""
    guesses = {"first": "X" + OPERATOR[1:], "last": OPERATOR[:-1] + "X"}
    times: dict[str, list[float]] = {name: [] for name in guesses}
    codes: Counter[int] = Counter()
    async with managed(run_adapter, sandbox) as (_, call):
        for _ in range(100):
            for name, guess in guesses.items():
                began = time.perf_counter()
                status, _, headers = await call("ws/status", guess)
                times[name].append(time.perf_counter() - began)
                codes[status] += 1
        right = (await call("ws/status", OPERATOR))[0]
    assert codes == {401: 10, 429: 190}
    assert int(headers["Retry-After"]) > 0
    assert right == 200
    lines = [line for line in logs if "wrong token" in line]
    assert len(lines) == 1
    medians = {name: f"{statistics.median(values) * 1000:.2f} ms" for name, values in times.items()}
    told = f"the first character wrong {medians['first']}, the last one {medians['last']}"
    saw(f"200 guesses: {codes[401]} × 401, then {codes[429]} × 429, {len(lines)} log line, the right token {right}")
    saw(f"median of an answer: {told}")
