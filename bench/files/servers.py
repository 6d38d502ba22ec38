"""The servers that are compared: each a context manager that gives the port it listens on."""
import contextlib
import os
import shutil
import subprocess

from processes import PARTS, TOOL, Missing, await_port, free_port, listening, process

PYTHON = "/usr/bin/python3"  # Debian's, for which python3-pyftpdlib is built
USER = PASSWORD = "bench"


@contextlib.contextmanager
def dialtone(root, *arguments, scheme="tcp", core=None):
    """Gives (process, port)."""
    command = [str(TOOL), "serve", "files", "--listen", f"{scheme}://127.0.0.1:0", "--root", str(root), *arguments]
    with process(command, core, log="dialtone-files") as server:
        yield server, int(listening(server, "dialtone-files").rpartition(":")[2])


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
