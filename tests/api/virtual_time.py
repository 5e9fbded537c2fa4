"""A clock that jumps from one sleeper to the next: hours of waiting take no time."""

import asyncio
import heapq
from collections.abc import Coroutine
from typing import Any


class VirtualTime:
    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = 0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self._number += 1
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + seconds, self._number, future))
        await future

    async def run(self, *stories: Coroutine[Any, Any, Any]) -> list[Any]:
        """Run until all are done, moving the clock whenever everybody sleeps."""
        tasks = [asyncio.ensure_future(story) for story in stories]
        while not all(task.done() for task in tasks):
            for _ in range(30):
                await asyncio.sleep(0)
            if self._sleepers and not all(task.done() for task in tasks):
                at, _, future = heapq.heappop(self._sleepers)
                self.now = max(self.now, at)
                if not future.done():
                    future.set_result(None)
        return await asyncio.gather(*tasks, return_exceptions=True)
