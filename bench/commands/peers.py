"""The servers that are compared: each a context manager. Everything they need lies in one folder of this run."""
import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from processes import PARTS, TOOL, Missing, await_port, free_port, listening, process


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
    port = free_port()
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
