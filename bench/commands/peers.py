"""The servers that are compared: each a context manager. Everything they need lies in one folder of this run."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ROOT / "artifacts" / "bench"
TOOL = ROOT / "artifacts" / "tool" / "current" / "dialtone"
BENCH = ROOT / "artifacts/bin/Dialtone.Bench/release/Dialtone.Bench"
READY_SECONDS, STOP_SECONDS = 20, 10


class Missing(Exception):
    """A peer is not installed or does not start; the message says which."""


@contextlib.contextmanager
def process(command, core=None, log="server"):
    """Runs a server in a session of its own and ends all of it."""
    PARTS.mkdir(parents=True, exist_ok=True)
    if core is not None:
        command = ["taskset", "-c", str(core), *command]
    with open(PARTS / f"{log}.log", "w") as errors:
        try:
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True)
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


def listening(server, name):
    line = server.stdout.readline().decode().strip()
    if not line.startswith("listening "):
        raise Missing(f"{name} did not listen; see {PARTS}/{name}.log")
    return line.split()[1]


@contextlib.contextmanager
def dialtone(folder, *flags, scheme="tls", core=None):
    """Gives the address."""
    os.environ["XDG_CONFIG_HOME"] = str(folder)
    command = [str(TOOL), "serve", "exec", "--listen", f"{scheme}://127.0.0.1:0", "--allow-any-command", "--audit", "/dev/null", *flags]
    with process(command, core, log=f"dialtone-exec-{scheme}") as server:
        yield listening(server, f"dialtone-exec-{scheme}")


@contextlib.contextmanager
def sshd(folder, core=None):
    """Gives the words of an ssh client that reaches it. Keys and configuration are of this run; nobody's ~/.ssh is looked at."""
    program = shutil.which("sshd") or "/usr/sbin/sshd"
    if not os.access(program, os.X_OK):
        raise Missing("sshd is not installed")
    for name in ("host", "client"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "client.pub", folder / "authorized")
    (folder / "authorized").chmod(0o600)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\nPidFile none\nUsePAM no\n"
        "StrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUseDNS no\n"
        "MaxStartups 100\nMaxSessions 100\n")
    (folder / "known").write_text(f"[127.0.0.1]:{port} " + " ".join((folder / "host.pub").read_text().split()[:2]) + "\n")
    (folder / "ssh_config").write_text(
        f"Host bench\n HostName 127.0.0.1\n Port {port}\n IdentityFile {folder}/client\n IdentitiesOnly yes\n IdentityAgent none\n"
        f" UserKnownHostsFile {folder}/known\n StrictHostKeyChecking yes\n BatchMode yes\n LogLevel ERROR\n")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with process([program, "-D", "-e", "-f", str(folder / "sshd_config")], core, log="sshd"):
        await_port(port, "sshd")
        yield ["ssh", "-F", str(folder / "ssh_config")]


@contextlib.contextmanager
def pipe_send(command, core=None):
    """The C yardstick; gives its port."""
    with process([str(PARTS / "pipe_send"), *command], core, log="pipe_send") as server:
        yield listening(server, "pipe_send").rpartition(":")[2]


def fetch_peers():
    if not Path("/usr/sbin/sshd").exists() and os.geteuid() == 0 and shutil.which("apt-get"):
        print("installing openssh-server", flush=True)
        for words in (["update", "-q"], ["install", "-qy", "--no-install-recommends", "openssh-server"]):
            subprocess.run(["apt-get", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
