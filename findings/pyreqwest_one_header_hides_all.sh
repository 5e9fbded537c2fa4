#!/bin/sh
# pyreqwest 0.15.1: one response header that is not ASCII makes all headers of the response unreadable as a mapping.
#
# Guessed: a header with raw UTF-8 (Content-Disposition with a Chinese file name, as file servers send it) comes as
# text, as with aiohttp and httpx, or is left out; the other headers can be read.
# Seen: dict(response.headers), .items() and repr(response.headers) raise ValueError("failed to convert header to a
# str"); get_header() of that header raises it, too, and get_header() of the others works.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pyreqwest==0.15.1
cat > "$folder/seen.py" <<'PY'
import asyncio

from pyreqwest.client import ClientBuilder


async def serve(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    head = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Log-Id: 7\r\nContent-Disposition: attachment; filename="文件.txt"\r\n\r\nok'
    writer.write(head.encode())
    await writer.drain()
    writer.close()


def raises(read):
    try:
        return f"read: {read()!r}"
    except ValueError as error:
        return f"ValueError: {error}"


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    response = await ClientBuilder().no_proxy().build().get(url).build().send()
    seen = {
        "dict(headers)": raises(lambda: dict(response.headers)),
        "repr(headers)": raises(lambda: repr(response.headers)),
        "the header": raises(lambda: response.get_header("content-disposition")),
        "another header": raises(lambda: response.get_header("x-log-id")),
    }
    for name, text in seen.items():
        print(f"{name}: {text}")
    assert [text.startswith("ValueError") for text in seen.values()] == [True, True, True, False]


asyncio.run(main())
PY
"$folder/venv/bin/python" "$folder/seen.py"
echo "still so: one header that is not ASCII hides all"
