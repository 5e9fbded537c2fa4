"""What the settings of a Redis server mean for the events in it."""

from collections.abc import Mapping
from typing import Any

from .connection import RedisConnection


async def find_risks(connection: RedisConnection) -> list[str]:
    """Ask a server for the settings under which it loses data by itself.

    Args:
        connection: to the server.

    Returns:
        A sentence for each risk, with what to do.

    Raises:
        StoreError: it cannot be reached, or does not tell this user (INFO).
    """
    memory: Mapping[str, Any] = await connection.execute("INFO", "memory")
    persistence: Mapping[str, Any] = await connection.execute("INFO", "persistence")
    risks: list[str] = []
    policy = str(memory.get("maxmemory_policy", ""))
    if memory.get("maxmemory") and policy not in ("", "noeviction"):
        what = "any key, the inbox with all its events included" if policy.startswith("allkeys") else "claims of events"
        risks.append(
            f"Redis deletes keys when it is full (maxmemory-policy {policy}): {what}. Set maxmemory-policy noeviction; "
            "then it refuses new events instead, and Feishu pushes them again"
        )
    if persistence.get("aof_enabled") == 0:
        risks.append(
            "Redis keeps no file of its commands (appendonly no): its restart loses events. Set appendonly yes"
        )
    return risks
