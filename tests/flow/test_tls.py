"""TLS that cannot be trusted: each cause has its own text, with OpenSSL's reason and the cure, in every client."""

import asyncio
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from http.client import RemoteDisconnected

import pytest
import trustme

from nonebot_adapter_feishu_ws.net.errors import describe, root_of
from nonebot_adapter_feishu_ws.net.tls import explain_tls
from nonebot_adapter_feishu_ws.sandbox import Sandbox
from tests.conftest import APP, SECRET, wait_until
from tests.namespaces import inside

Saw = Callable[[str], None]
INSPECTED, OTHER_NAME, NO_FILE = "an unknown authority", "a certificate for another host", "SSL_CERT_FILE names no file"
CASES = {
    INSPECTED: ("self-signed certificate in certificate chain", "put it into a .pem file"),
    OTHER_NAME: ("certificate is not valid for", "Check the bot's domain"),
    NO_FILE: ("unable to get local issuer certificate", "no/ca.pem, which does not exist. Correct it"),
}


@pytest.fixture
async def far(tmp_path, monkeypatch, request) -> AsyncIterator[Sandbox]:
    """A Feishu with TLS that a bot has its reason not to trust."""
    case = request.getfixturevalue("case")
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("example.com" if case == OTHER_NAME else "localhost").configure_cert(context)
    if case == INSPECTED:  # a company's proxy shows its authority, too
        context.load_verify_locations(cadata=authority.cert_pem.bytes().decode())
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    trusted = {OTHER_NAME: tmp_path / "ca.pem", NO_FILE: tmp_path / "no" / "ca.pem"}
    if case in trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted[case]))
    async with Sandbox(host="127.0.0.1", tls=context) as server:
        server.add_app(APP, SECRET)
        yield server


@pytest.mark.fault(41)
@pytest.mark.parametrize("transport", ["native", "sdk"])
@pytest.mark.parametrize("case", CASES)
async def test_each_cause_has_its_own_text_and_cure(far, run_adapter, logs, saw: Saw, tmp_path, case, transport):
    domain = far.url.replace("127.0.0.1", "localhost")
    bot = {"app_id": APP, "app_secret": SECRET, "domain": domain, "transport": transport}
    async with run_adapter([bot], connected=False) as adapter:
        await wait_until(lambda: adapter.connections.get_status(APP).attempts >= 1, timeout=90)
        error = adapter.connections.get_status(APP).error or ""
    reason, cure = CASES[case]
    for it in (error, *(line for line in logs if "bot/v3/info failed" in line)):
        assert "TLS with localhost:" in it
        assert cure in it
    assert reason in error or (reason.startswith("self-signed") and "unable to get local issuer" in error)
    saw(f'{case}, {transport}: "{error.partition(" (")[2][:150].replace(str(tmp_path), "")}..."')


HIDE = """
import os, ssl, sys
for folder in {"/etc/ssl", "/etc/pki", "/usr/lib/ssl", ssl.get_default_verify_paths().openssl_capath}:
    if os.path.isdir(folder) and not os.path.islink(folder):
        assert os.system(f"mount -t tmpfs none {folder}") == 0
from nonebot_adapter_feishu_ws.net import tls
if sys.argv[1] == "without":
    sys.modules["certifi"] = None
error = ssl.SSLCertVerificationError(1, "x")
error.verify_code = 20
if len(sys.argv) > 2:
    os.environ["SSL_CERT_DIR"] = sys.argv[2]
print(tls.tls_context().cert_store_stats()["x509"], tls.explain_tls(error))
"""


@pytest.mark.fault(41)
@pytest.mark.parametrize("certifi", ["with", "without"])
def test_a_machine_without_any_certificate_uses_those_of_certifi(saw: Saw, certifi, monkeypatch):
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    run = subprocess.run(
        [*inside("mount"), sys.executable, "-c", HIDE, certifi], check=True, capture_output=True, text=True, timeout=60
    )
    count, _, text = run.stdout.strip().partition(" ")
    if certifi == "with":
        assert int(count) > 50
        saw(f"no CA file, certifi installed: {count} certificates")
    else:
        assert count == "0"
        assert "no CA certificates are on this machine" in text
        saw(f'no CA file and no certifi: "{text.partition("): ")[2]}"')


def test_a_folder_of_certificates_that_is_not_there_is_named(monkeypatch):
    """The machine has certificates, but with ``SSL_CERT_DIR`` they are not read: installing some would not help."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    command = [*inside("mount"), sys.executable, "-c", HIDE, "without", "/no/certificates"]
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert "SSL_CERT_DIR names /no/certificates, in which no certificate is" in run.stdout


@pytest.mark.parametrize("code", [66, 68, 92])
def test_a_certificate_of_a_known_authority_that_openssl_refuses_gets_no_advice_about_trust(code):
    """A key that is too short, an old hash, a company's authority without what Python 3.13 checks."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "Missing Authority Key Identifier"
    text = explain_tls(error)
    assert "(Missing Authority Key Identifier)" in text
    assert "refuses how it is made" in text
    assert "SSL_CERT_FILE" not in text


@pytest.mark.parametrize("transport", ["native", "sdk"])
@pytest.mark.parametrize("how", ["closed", "reset"])
async def test_a_connection_that_ends_in_the_handshake_is_told_as_such(run_adapter, how, transport):
    """What a firewall does to hosts that it does not know: it was "closed without an answer", as after a request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(5)
        if how == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1" + bytes(7))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        domain = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        bot = {"app_id": APP, "app_secret": SECRET, "domain": domain, "transport": transport}
        async with run_adapter([bot], connected=False) as adapter:
            await wait_until(lambda: adapter.connections.get_status(APP).attempts >= 1, timeout=90)
            error = adapter.connections.get_status(APP).error or ""
    assert "closed in the handshake" in error or (transport, how) == ("sdk", "reset")
    assert "SSL_CERT_FILE" not in error


def test_an_answer_that_never_comes_is_told_of_the_sdks_client_too():
    """``requests`` wraps it; all that was told of it was the name of a class."""
    inner = RemoteDisconnected("Remote end closed connection without response")
    error = OSError("Connection aborted.", inner)
    assert root_of(error) is inner
    assert describe(inner, "open.feishu.cn") == "open.feishu.cn closed the connection without an answer"


@pytest.mark.parametrize("reason", ["TLSV1_ALERT_PROTOCOL_VERSION", "TLSV13_ALERT_CERTIFICATE_REQUIRED"])
def test_a_handshake_that_the_other_side_refuses_gets_no_advice_about_trust(reason):
    """An old server behind a company's proxy, or one that asks for a certificate."""
    error = ssl.SSLError(1, reason)
    error.reason = reason
    assert "refuses how this machine speaks TLS" in explain_tls(error)
    assert "SSL_CERT_FILE" not in explain_tls(error)


def test_a_file_of_certificates_in_another_form_is_named_in_every_client(tmp_path, monkeypatch):
    """DER instead of PEM: the SDK's client cannot even begin."""
    (tmp_path / "ca.der").write_bytes(b"\x30\x82")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.der"))
    error = ssl.SSLError(136, "no certificate or crl found")
    error.reason = "NO_CERTIFICATE_OR_CRL_FOUND"
    assert f"SSL_CERT_FILE names {tmp_path}/ca.der, which is no PEM file" in explain_tls(error)
