"""``rediss://``: a real redis-server that speaks TLS, with a certificate that is trusted or not."""

import subprocess
import time
from urllib.parse import quote

import pytest
import trustme

from nonebot_adapter_feishu_ws.exception import StoreError
from nonebot_adapter_feishu_ws.store.redis.store import RedisStore
from tests.store.test_promises import BOT, entry, take

pytestmark = pytest.mark.needs("redis-server")


@pytest.fixture
def server(tmp_path):
    """Its port, and the file of the authority that signed its certificate."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    paths = {name: tmp_path / f"{name}.pem" for name in ("ca", "cert", "key")}
    authority.cert_pem.write_to_path(paths["ca"])
    certificate.private_key_pem.write_to_path(paths["key"])
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(paths["cert"], append=True)
    command = ["redis-server", "--port", "0", "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    command += ["--tls-cert-file", str(paths["cert"]), "--tls-key-file", str(paths["key"])]
    command += ["--tls-ca-cert-file", str(paths["ca"]), "--tls-auth-clients", "no", "--requirepass", "tls-pass%1"]
    process, port = start_on_a_free_port(command, tmp_path)
    yield port, paths["ca"]
    process.kill()
    process.wait()


def start_on_a_free_port(command, folder) -> tuple[subprocess.Popen[bytes], int]:
    """Redis takes no port 0 for TLS, so a few are tried."""
    for attempt in range(20):
        port = 20_000 + (hash((str(folder), attempt, time.monotonic_ns())) % 10_000)
        process = subprocess.Popen(
            [*command, "--tls-port", str(port), "--logfile", str(folder / f"{attempt}.log")], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            log = folder / f"{attempt}.log"
            if log.exists() and "Ready to accept connections" in log.read_text():
                return process, port
            time.sleep(0.02)
        process.kill()
        process.wait()
    raise AssertionError("no free port was found")


async def test_tls_with_a_named_authority(server):
    port, authority = server
    store = RedisStore(f"rediss://:tls-pass%251@localhost:{port}/0?ssl_ca_certs={quote(str(authority))}")
    await store.open((BOT,))
    assert await take(store, entry(1))
    assert not await take(store, entry(1))
    await store.close()


async def test_an_unknown_authority_is_told_without_the_password(server):
    port, _ = server
    store = RedisStore(f"rediss://:tls-pass%251@localhost:{port}/0")
    with pytest.raises(StoreError, match="certificate") as failure:
        await store.open((BOT,))
    assert "tls-pass" not in str(failure.value)
    await store.close()
