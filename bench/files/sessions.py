"""What a server holds and computes per session: memory, log-ins, the tool's start."""
import contextlib
import hashlib
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import threading
import time

import servers
from processes import TOOL, Missing

USERS, SESSIONS_PER_USER = 100, 8
ITERATIONS = 600_000  # of PBKDF2, as the server keeps passwords
SLOW_FILE = 64 << 20
BARS = {
    "idle tls": (80, "KB per session"),
    "idle plain": (12, "KB per session"),
    "transfers": (100, "MB"),
    "logins": (1.5, "× 100 PBKDF2 / cores"),
    "login again": (20, "ms"),
    "logins slow transfers by": (2, "×"),
    "start --version": (0.12, "s"),
    "start ls-with-key": (0.35, "s"),
}


def password(user):
    return f"secret of {user}"


def names():
    return [f"user{i:03}" for i in range(USERS)]


def accounts(folder, environment):
    """An accounts file of a hundred users, made once."""
    path = folder / "accounts.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for user in names():
            subprocess.run([str(TOOL), "user", "add", user, "--accounts", str(path)], check=True, stdout=subprocess.DEVNULL,
                           env={**os.environ, **environment, "DIALTONE_PASSWORD": password(user)})
    return path


@contextlib.contextmanager
def server(folder, environment, scheme="tcp", anonymous=None):
    share = folder / "share"
    share.mkdir(parents=True, exist_ok=True)
    words = ["--accounts", str(accounts(folder, environment)), "--max-connections", "5000", "--max-per-address", "5000"]
    words += ["--anonymous", anonymous] if anonymous else []
    with servers.dialtone(share, *words, scheme=scheme) as (process, port):
        yield process.pid, port


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) * 1024


def log_in(port, user, tls=None):
    """T7: returns the connection, logged in."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    if tls:
        connection = tls.wrap_socket(connection)
    connection.sendall(f"ftp_authentication|{user}|{password(user)}".encode())
    answer = connection.recv(100)
    if answer != b"ftp_authentication::success":
        raise Missing(f"{user} was not let in: {answer!r}")
    return connection


def idle(scheme):
    def measure(folder, environment):
        tls = None
        if scheme == "tls":
            tls = ssl.create_default_context()
            tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        with server(folder, environment, scheme) as (pid, port):
            warm = [log_in(port, user, tls) for user in names()]
            for connection in warm:
                connection.close()
            time.sleep(2)
            before = resident(pid)
            kept = [log_in(port, user, tls) for user in names() for _ in range(SESSIONS_PER_USER - 1)]
            time.sleep(2)
            grown = resident(pid) - before
            for connection in kept:
                connection.close()
        return grown / len(kept) / 1000
    return measure


def transfers(folder, environment):
    """The server's memory while fifty clients download slowly and fifty upload slowly, natively."""
    with server(folder, environment, anonymous="write") as (pid, port):
        with open(folder / "share" / "slow", "wb") as file:
            file.truncate(SLOW_FILE)
        connections = []
        for i in range(100):
            connection = socket.create_connection(("127.0.0.1", port), timeout=60)
            request = {"id": 1, "cmd": "get", "path": "/slow", "verify": "crc32c"} if i % 2 else {
                "id": 1, "cmd": "put", "path": f"/up{i}", "size": SLOW_FILE}
            header = json.dumps(request).encode()
            connection.sendall(struct.pack("<i", len(header)) + header)
            connections.append(connection)
        most, block = 0, bytes(64 << 10)
        for _ in range(20):
            for i, connection in enumerate(connections):
                if i % 2:
                    connection.recv(64 << 10)
                else:
                    connection.sendall(block)
            most = max(most, resident(pid))
            time.sleep(0.1)
        for connection in connections:
            connection.close()
    return most / 1e6


def one_hash():
    begin = time.perf_counter()
    hashlib.pbkdf2_hmac("sha256", b"secret", b"salt" * 4, ITERATIONS)
    return time.perf_counter() - begin


def all_at_once(port):
    """Seconds until a hundred users are in who came at once."""
    kept, failures = [], []

    def one(user):
        try:
            kept.append(log_in(port, user))
        except (OSError, Missing) as failure:
            failures.append(failure)

    threads = [threading.Thread(target=one, args=(user,)) for user in names()]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    for connection in kept:
        connection.close()
    if failures:
        raise Missing(f"{len(failures)} log-ins failed: {failures[0]}")
    return seconds


def logins(folder, environment):
    cost = one_hash()
    with server(folder, environment) as (_, port):
        return all_at_once(port) / (cost * USERS / os.cpu_count())


def login_again(folder, environment):
    with server(folder, environment) as (_, port):
        log_in(port, names()[0]).close()
        begin = time.perf_counter()
        for _ in range(10):
            log_in(port, names()[0]).close()
        return (time.perf_counter() - begin) / 10 * 1000


def slowed(folder, environment):
    """How many times slower a download in progress is while a hundred users log in."""
    with server(folder, environment, anonymous="read") as (_, port):
        with open(folder / "share" / "big", "wb") as file:
            file.truncate(1 << 40)
        connection = socket.create_connection(("127.0.0.1", port), timeout=60)
        header = json.dumps({"id": 1, "cmd": "get", "path": "/big"}).encode()
        connection.sendall(struct.pack("<i", len(header)) + header)
        received, stopping = [0], threading.Event()

        def read():
            buffer = bytearray(1 << 20)
            while not stopping.is_set():
                received[0] += connection.recv_into(buffer)

        reader = threading.Thread(target=read)
        reader.start()
        time.sleep(1)
        begin, at = time.perf_counter(), received[0]
        time.sleep(2)
        quiet = (received[0] - at) / (time.perf_counter() - begin)
        begin, at = time.perf_counter(), received[0]
        all_at_once(port)
        busy = (received[0] - at) / (time.perf_counter() - begin)
        stopping.set()
        reader.join()
        connection.close()
    return quiet / busy


CASES = (
    ("idle tls", "memory per logged-in idle session over TLS, KB", idle("tls")),
    ("idle plain", "the same, plain", idle("tcp")),
    ("transfers", "memory while a hundred clients transfer, MB", transfers),
    ("logins", "a hundred password log-ins at once, in units of what they must compute", logins),
    ("login again", "a repeated log-in, ms", login_again),
    ("logins slow transfers by", "a download's rate before, by its rate during the log-ins", slowed),
)


@contextlib.contextmanager
def key_server(share, environment):
    """A TLS server that knows the tool's own key; gives the address, called once already so that its certificate is known."""
    folder = share.parent / "keyed"
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, **environment}
    path = folder / "accounts.json"
    subprocess.run([str(TOOL), "key", "new"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    shown = subprocess.run([str(TOOL), "key", "show"], capture_output=True, text=True, check=True, env=environment).stdout
    fingerprint = re.search(r"SHA256:\S+", shown)[0]
    if not path.exists():
        subprocess.run([str(TOOL), "user", "add", "keyed", "--key", fingerprint, "--accounts", str(path)], check=True,
                       stdout=subprocess.DEVNULL, env={**environment, "DIALTONE_PASSWORD": "not used here"})
    with servers.dialtone(share, "--accounts", str(path), scheme="tls") as (_, port):
        address = f"tls://keyed@127.0.0.1:{port}/"
        subprocess.run([str(TOOL), "ls", address], check=True, stdout=subprocess.DEVNULL, env=environment)
        yield address
