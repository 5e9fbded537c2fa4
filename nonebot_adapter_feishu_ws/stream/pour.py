"""``pour``: a whole asynchronous iterator into a stream."""

from collections.abc import AsyncIterable

from .result import StreamResult
from .stream import Stream


async def pour(stream: Stream, chunks: AsyncIterable[str]) -> StreamResult:
    """Write all chunks to a stream, then close both.

    Args:
        stream: not entered yet.
        chunks: the text; an asynchronous generator is closed, also after an error.
    """
    try:
        async with stream:
            async for chunk in chunks:
                await stream.write(chunk)
                if stream.dropped:
                    break
    finally:
        if (close := getattr(chunks, "aclose", None)) is not None:
            await close()
    return stream.result
