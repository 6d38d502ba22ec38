"""Servers that are measured: started in a session of their own, waited for, and ended with all their children."""
import contextlib
import os
import signal
import socket
import subprocess
import time

from contenders import ROOT

PARTS = ROOT / "artifacts" / "bench"
TOOL = ROOT / "artifacts" / "tool" / "current" / "dialtone"
BENCH = ROOT / "artifacts/bin/Dialtone.Bench/release/Dialtone.Bench"
READY_SECONDS, STOP_SECONDS = 20, 10


class Missing(Exception):
    """A peer is not installed or does not start; the message says which."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def process(command, core=None, environment=None, log="server"):
    """Runs a server in a session of its own and ends all of it."""
    PARTS.mkdir(parents=True, exist_ok=True)
    if core is not None:
        command = ["taskset", "-c", str(core), *command]
    with open(PARTS / f"{log}.log", "w") as errors:
        try:
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                                      env={**os.environ, **(environment or {})}, start_new_session=True)
        except OSError as error:
            raise Missing(str(error)) from error
    try:
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        server.stdout.close()


def await_port(port, name):
    for _ in range(READY_SECONDS * 50):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise Missing(f"{name} did not listen within {READY_SECONDS} s")


def listening(server, log):
    """The address a server says it listens on."""
    line = server.stdout.readline().decode().strip()
    if not line.startswith("listening "):
        raise Missing(f"{log} did not listen; see {PARTS}/{log}.log")
    return line.split()[1]
