"""A real redis-server that can be killed, paused and started again with its data."""

import signal
import socket
import subprocess
import time
from pathlib import Path

STARTUP = 30.0


class RedisServer:
    """One server in a folder, on a socket file, without a port."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.options = options
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}?db=0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder)]
        command += [
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            "--save",
            "",
            "--logfile",
            str(self.folder / "redis.log"),
            *self.options,
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + STARTUP
        while not self._answers():
            assert time.monotonic() < deadline, (self.folder / "redis.log").read_text()
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it; with SIGTERM it says goodbye to its clients."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def forget(self) -> None:
        """Lose all data; only while it does not run."""
        for path in self.folder.rglob("*.aof*"):
            path.unlink(missing_ok=True)

    def pause(self, paused: bool = True) -> None:
        """Stop answering, or go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP if paused else signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(5)
                probe.connect(str(self.socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(100).startswith(b"+PONG")
        except OSError:
            return False
