#!/bin/sh
# pyreqwest 0.15.1 (Python client on Rust's reqwest) raises ConnectError for a request that the server has read in full.
#
# Guessed: ConnectError and ConnectTimeoutError mean that no connection was made, so nothing was sent, and the request
# may be repeated without doing it twice.
# Seen: the server reads the whole POST and closes the connection without an answer -> ConnectError; it reads the whole
# POST and is slow to answer -> ConnectTimeoutError. Only details["causes"] tells: "client error (Connect)" stands there
# when there really was no connection, "client error (SendRequest)" when the request was on its way.
# Whoever repeats on ConnectError sends twice.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pyreqwest==0.15.1
cat > "$folder/seen.py" <<'PY'
import asyncio
from datetime import timedelta

from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import ConnectError, ConnectTimeoutError

received = []


async def serve(reader, writer):
    head = await reader.readuntil(b"\r\n\r\n")
    received.append(await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])))
    if b"/slow" in head:
        await asyncio.sleep(1.5)
    writer.close()


async def post(client, url):
    try:
        await client.post(url).body_json({"text": "hello"}).timeout(timedelta(seconds=1)).build().send()
    except (ConnectError, ConnectTimeoutError) as error:
        return type(error).__name__, [cause["message"] for cause in error.details["causes"]]


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = ClientBuilder().no_proxy().build()
    closed = await post(client, f"http://127.0.0.1:{port}/closed")
    slow = await post(client, f"http://127.0.0.1:{port}/slow")
    refused = await post(client, "http://127.0.0.1:9/")
    for name, seen in (("closed", closed), ("slow", slow), ("refused", refused)):
        print(name, seen)
    await asyncio.sleep(1)
    assert received == [b'{"text":"hello"}'] * 2, received
    assert closed[0] == "ConnectError" and "client error (Connect)" not in closed[1]
    assert slow[0] == "ConnectTimeoutError" and "client error (Connect)" not in slow[1]
    assert refused[0] == "ConnectError" and "client error (Connect)" in refused[1]


asyncio.run(main())
PY
"$folder/venv/bin/python" "$folder/seen.py"
echo "still so: ConnectError and ConnectTimeoutError for requests that were received in full"
