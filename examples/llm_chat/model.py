"""Talks to any endpoint that speaks OpenAI's chat completions, and reads its stream."""

import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
from pydantic import BaseModel, SecretStr


class Config(BaseModel):
    """``.env`` keys: ``LLM_BASE_URL``, ``LLM_API_KEY``, ``LLM_MODEL``, and what may be left as it is."""

    llm_base_url: str = "https://api.openai.com/v1"
    llm_api_key: SecretStr = SecretStr("")
    llm_model: str = "gpt-4o-mini"
    llm_system: str = "You are a helpful assistant in a Feishu chat. Answer in the user's language, in Markdown."
    llm_timeout: float = 300.0
    """Seconds for a whole answer."""
    llm_memory: int = 20
    """Messages kept per session."""
    llm_sessions: int = 1000
    """Sessions kept; the one that was silent for longest goes first."""


def missing_key(config: Config) -> str:
    """What to say at start where no key is set; nothing if the endpoint is on this machine and may need none."""
    host = urlsplit(config.llm_base_url).hostname or ""
    if config.llm_api_key.get_secret_value() or host in ("localhost", "127.0.0.1", "::1"):
        return ""
    return (
        f"llm_chat cannot answer yet: LLM_API_KEY is not set, and {host} wants a key. Put LLM_API_KEY, and "
        "LLM_BASE_URL and LLM_MODEL if they differ from OpenAI's, into .env, then restart"
    )


class ModelError(Exception):
    """The endpoint did not answer; the text says what it said."""


async def complete(config: Config, messages: list[dict[str, str]]) -> AsyncIterator[str]:
    """Ask the model and yield its answer piece by piece.

    Raises:
        ModelError: the endpoint refused, or its stream ended early.
        aiohttp.ClientError: it cannot be reached.
    """
    headers = {"Authorization": f"Bearer {config.llm_api_key.get_secret_value()}"}
    body = {"model": config.llm_model, "messages": messages, "stream": True}
    timeout = aiohttp.ClientTimeout(total=config.llm_timeout, sock_read=60)
    url = config.llm_base_url.rstrip("/") + "/chat/completions"
    async with (
        aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
        session.post(url, json=body, headers=headers) as response,
    ):
        if response.status != 200:
            raise ModelError(f"{url} answered HTTP {response.status}: {(await response.text())[:300]}")
        async for data in read_events(response.content.iter_any()):
            if data == "[DONE]":
                return
            if piece := read_piece(data):
                yield piece
    raise ModelError("the stream ended without [DONE]")


async def read_events(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    """The ``data`` of each server-sent event; chunks may cut lines and characters anywhere."""
    rest = b""
    data: list[str] = []
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for raw in lines:
            line = raw.decode("utf-8", "replace").rstrip("\r")
            if line.startswith("data:"):
                data.append(line[5:].removeprefix(" "))
            elif not line and data:
                yield "\n".join(data)
                data = []
    if data:
        yield "\n".join(data)


def read_piece(data: str) -> str:
    """The text in one event; empty where it carries none.

    Raises:
        ModelError: the endpoint reports an error inside the stream.
    """
    try:
        event = json.loads(data)
    except ValueError:
        return ""
    if not isinstance(event, dict):
        return ""
    if error := event.get("error"):
        raise ModelError(f"the model reports: {error.get('message', error) if isinstance(error, dict) else error}")
    choices = event.get("choices") or [{}]
    return (choices[0].get("delta") or {}).get("content") or ""
