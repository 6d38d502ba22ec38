"""The servers that are compared: each a context manager that gives the port it listens on."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"  # Debian's, for which python3-pyftpdlib is built
PARTS = ROOT / "artifacts" / "bench"
TOOL = ROOT / "artifacts" / "tool" / "current" / "dialtone"
USER = PASSWORD = "bench"
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


@contextlib.contextmanager
def dialtone(root, *arguments, scheme="tcp", core=None):
    """Gives (process, port)."""
    command = [str(TOOL), "serve", "files", "--listen", f"{scheme}://127.0.0.1:0", "--root", str(root), *arguments]
    with process(command, core, log="dialtone-files") as server:
        line = server.stdout.readline().decode().strip()
        if not line.startswith("listening "):
            raise Missing(f"dialtone did not listen; see {PARTS}/dialtone-files.log")
        yield server, int(line.rpartition(":")[2])


@contextlib.contextmanager
def rsync(root, core=None):
    port, settings = free_port(), PARTS / "rsyncd.conf"
    PARTS.mkdir(parents=True, exist_ok=True)
    settings.write_text(f"use chroot = no\nuid = {os.getuid()}\ngid = {os.getgid()}\nlog file = /dev/null\n"
                        f"[share]\npath = {root}\nread only = no\n")
    with process(["rsync", "--daemon", "--no-detach", "--address=127.0.0.1", f"--port={port}", f"--config={settings}"],
                 core, log="rsyncd") as server:
        await_port(port, "rsync")
        yield server, port


@contextlib.contextmanager
def vsftpd(root, core=None):
    port, settings = free_port(), PARTS / "vsftpd.conf"
    PARTS.mkdir(parents=True, exist_ok=True)
    settings.write_text(f"listen=YES\nlisten_address=127.0.0.1\nlisten_port={port}\nbackground=NO\nanonymous_enable=YES\n"
                        f"anon_root={root}\nlocal_enable=NO\nxferlog_enable=NO\nno_anon_password=YES\nseccomp_sandbox=NO\n")
    if not shutil.which("vsftpd"):
        raise Missing("vsftpd is not installed")
    with process(["vsftpd", str(settings)], core, log="vsftpd") as server:
        await_port(port, "vsftpd")
        yield server, port


@contextlib.contextmanager
def pure_ftpd(root, core=None):
    port, program = free_port(), PARTS / "pure-ftpd" / "usr" / "sbin" / "pure-ftpd"
    if not program.exists():
        raise Missing("pure-ftpd is not there")
    users, database = PARTS / "pure-ftpd.passwd", PARTS / "pure-ftpd.pdb"
    users.unlink(missing_ok=True)
    subprocess.run([str(program.parents[1] / "bin" / "pure-pw"), "useradd", USER, "-u", "nobody", "-g", "nogroup", "-d", str(root),
                    "-f", str(users), "-F", str(database), "-m"], input=f"{PASSWORD}\n{PASSWORD}\n", text=True, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with process([str(program), "-l", f"puredb:{database}", "-S", f"127.0.0.1,{port}", "-g", str(PARTS / "pure-ftpd.pid")], core,
                 log="pure-ftpd") as server:
        await_port(port, "pure-ftpd")
        yield server, port


@contextlib.contextmanager
def pyftpdlib(root, core=None):
    port = free_port()
    with process([PYTHON, "-W", "ignore", "-m", "pyftpdlib", "-w", "-i", "127.0.0.1", "-p", str(port), "-d", str(root)], core,
                 log="pyftpdlib") as server:
        await_port(port, "pyftpdlib")
        yield server, port


def fetch_peers():
    """Installs what Debian packages, where that is allowed. pure-ftpd and vsftpd exclude one another, so one is only unpacked."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    wanted = {"rsync": "rsync", "vsftpd": "vsftpd", "curl": "curl"}
    packages = [package for command, package in wanted.items() if not shutil.which(command)]
    if subprocess.run([PYTHON, "-c", "import pyftpdlib"], stderr=subprocess.DEVNULL).returncode:
        packages.append("python3-pyftpdlib")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
    if packages:
        subprocess.run(["apt-get", "update", "-q"], **quiet)
        subprocess.run(["apt-get", "install", "-qy", "--no-install-recommends", *packages], **quiet)
    folder = PARTS / "pure-ftpd"
    if not folder.exists():
        folder.mkdir(parents=True)
        subprocess.run(["apt-get", "download", "pure-ftpd"], cwd=folder, **quiet)
        for package in folder.glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(package), str(folder)], **quiet)
