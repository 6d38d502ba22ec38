"""The command ./dialtone-bench files: whole commands against their rivals, side by side."""
import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runner"))
import record  # noqa: E402
import servers  # noqa: E402
import sessions  # noqa: E402
import toolchain  # noqa: E402
from processes import BENCH, PARTS, ROOT, TOOL, Missing, process  # noqa: E402
from servers import PASSWORD, USER  # noqa: E402

MEMORY = Path("/dev/shm/dialtone-bench-files")
DISK = PARTS / "files"
FILES, FILE_BYTES = 10_000, 4096
BIG, PUT = 2 << 30, 1 << 30
# The client's own folder: keys and pinned certificates of this run and no other.
HOME = MEMORY / "home"
QUIET = {"XDG_CONFIG_HOME": str(HOME), "HOME": str(HOME), "DOTNET_CLI_TELEMETRY_OPTOUT": "1"}


@dataclass(frozen=True)
class Bar:
    """OURS is at most MOST times the best of RIVALS (in seconds)."""
    name: str
    ours: str
    rivals: tuple
    most: float


BARS = (
    Bar("get a tree of 10,000 × 4 KiB", "tree-get dialtone", ("tree-get rsync",), 1.0),
    Bar("put it", "tree-put dialtone", ("tree-put rsync",), 1.0),
    Bar("get it again, nothing changed", "tree-get-again dialtone", ("tree-get-again rsync",), 1.0),
    Bar("put it again, nothing changed", "tree-put-again dialtone", ("tree-put-again rsync",), 1.0),
    Bar("get 2 GiB, --no-verify", "get2g dialtone-unverified", ("get2g curl-vsftpd",), 1.0),
    Bar("get 2 GiB, verified", "get2g dialtone", ("get2g curl-vsftpd",), 1.25),
    Bar("put 1 GiB, durable, on disk", "put1g dialtone", ("put1g curl-pure-ftpd", "put1g curl-pyftpdlib"), 1.0),
    Bar("get 2 GiB over TLS", "tls2g dialtone", ("tls2g sslstream",), 1 / 0.9),
)


class Failed(Exception):
    """A measurement could not be taken."""


def run(command, core=None, **options):
    """Runs a command and returns its seconds."""
    if core is not None:
        command = ["taskset", "-c", str(core), *command]
    begin = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, **QUIET}, timeout=300, **options)
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        raise Failed(f"{Path(command[0]).name} ended with {done.returncode}: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
    return seconds


def clear(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def random_file(path, size):
    if not path.exists() or path.stat().st_size != size:
        with open(path, "wb") as file:
            for _ in range(0, size, 64 << 20):
                file.write(os.urandom(min(size, 64 << 20)))


def make_tree(folder):
    for i in range(FILES):
        inner = folder / f"d{i // 100:03}"
        inner.mkdir(parents=True, exist_ok=True)
        (inner / f"file{i:05}.dat").write_bytes(os.urandom(FILE_BYTES))


def same_tree(left, right):
    if subprocess.run(["diff", "-rq", str(left), str(right)], stdout=subprocess.DEVNULL).returncode != 0:
        raise Failed(f"{right} differs from what was sent")


class Bench:
    def __init__(self, options):
        self.options = options
        self.rows = []
        self.failures = {}
        self.cores = (0, 1) if options.pin else (None, None)

    def alternate(self, about, cases):
        """CASES: name -> a callable that returns seconds (or a number); each once, then again."""
        print(f"\n{about}", flush=True)
        for repetition in range(1, self.options.repetitions + 1):
            for name, measure in cases.items():
                if name in self.failures:
                    continue
                try:
                    value = measure()
                except (Failed, Missing, subprocess.TimeoutExpired) as failure:
                    self.failures[name] = str(failure)
                    print(f"  {name:28}{failure}", flush=True)
                    continue
                self.rows.append((name, repetition, value))
                print(f"  {name:28}{value:.3f}", flush=True)

    def tree(self):
        source, out = MEMORY / "source", MEMORY / "out"
        share = {"dialtone": MEMORY / "share-dialtone", "rsync": MEMORY / "share-rsync"}
        if not source.exists():
            make_tree(source)
        for folder in share.values():
            folder.mkdir(exist_ok=True)
            if not (folder / "tree").exists():
                shutil.copytree(source, folder / "tree")
        server, client = self.cores
        with contextlib.ExitStack() as stack:
            _, port = stack.enter_context(servers.dialtone(share["dialtone"], "--anonymous", "write", core=server))
            ours = f"tcp://127.0.0.1:{port}"
            _, port = stack.enter_context(servers.rsync(share["rsync"], core=server))
            theirs = f"rsync://127.0.0.1:{port}/share"
            out.mkdir(exist_ok=True)

            def get_dialtone():
                clear(out / "tree")
                seconds = run([str(TOOL), "get", f"{ours}/tree", str(out)], client)
                same_tree(source, out / "tree")
                return seconds

            def get_rsync():
                clear(out / "rsync")
                seconds = run(["rsync", "-rt", f"{theirs}/tree/", str(out / "rsync")], client)
                same_tree(source, out / "rsync")
                return seconds

            def put_dialtone():
                clear(share["dialtone"] / "up")
                (share["dialtone"] / "up").mkdir()
                seconds = run([str(TOOL), "put", str(source), f"{ours}/up/"], client)
                same_tree(source, share["dialtone"] / "up" / "source")
                return seconds

            def put_rsync():
                clear(share["rsync"] / "up")
                seconds = run(["rsync", "-rt", f"{source}/", f"{theirs}/up"], client)
                same_tree(source, share["rsync"] / "up")
                return seconds

            self.alternate("a tree of 10,000 × 4 KiB, memory disk, downloaded",
                           {"tree-get dialtone": get_dialtone, "tree-get rsync": get_rsync})
            self.alternate("the same, uploaded", {"tree-put dialtone": put_dialtone, "tree-put rsync": put_rsync})
            self.alternate("downloaded again, nothing changed", {
                "tree-get-again dialtone": lambda: run([str(TOOL), "sync", f"{ours}/tree", str(out / "tree")], client),
                "tree-get-again rsync": lambda: run(["rsync", "-rt", f"{theirs}/tree/", str(out / "rsync")], client)})
            self.alternate("uploaded again, nothing changed", {
                "tree-put-again dialtone": lambda: run([str(TOOL), "sync", str(source), f"{ours}/up/source"], client),
                "tree-put-again rsync": lambda: run(["rsync", "-rt", f"{source}/", f"{theirs}/up"], client)})

    def get(self):
        share = MEMORY / "big"
        share.mkdir(exist_ok=True)
        random_file(share / "2g", BIG)
        server, client = self.cores
        with contextlib.ExitStack() as stack:
            _, port = stack.enter_context(servers.dialtone(share, "--anonymous", "read", core=server))
            ours = [str(TOOL), "get", f"tcp://127.0.0.1:{port}/2g", "/dev/null"]
            _, port = stack.enter_context(servers.vsftpd(share, core=server))
            curl = ["curl", "-sS", "-o", "/dev/null", f"ftp://127.0.0.1:{port}/2g"]
            self.alternate("2 GiB to /dev/null, memory disk, plain", {
                "get2g dialtone-unverified": lambda: run([*ours, "--no-verify"], client),
                "get2g dialtone": lambda: run(ours, client),
                "get2g curl-vsftpd": lambda: run(curl, client)})

    def tls(self):
        share = MEMORY / "big"
        share.mkdir(exist_ok=True)
        random_file(share / "2g", BIG)
        server, client = self.cores
        with contextlib.ExitStack() as stack:
            _, port = stack.enter_context(servers.dialtone(share, "--anonymous", "read", scheme="tls", core=server))
            ours = [str(TOOL), "get", f"tls://127.0.0.1:{port}/2g", "/dev/null"]
            bare = stack.enter_context(process([str(BENCH), "tls-serve", str(share / "2g"), str(HOME / "bare")], server,
                                                       log="sslstream"))
            bare_port = bare.stdout.readline().decode().strip().rpartition(":")[2]
            self.alternate("2 GiB over TLS", {
                "tls2g dialtone": lambda: run([*ours, "--no-verify"], client),
                "tls2g dialtone-verified": lambda: run(ours, client),
                "tls2g sslstream": lambda: run([str(BENCH), "tls-fetch", bare_port], client)})

    def put(self):
        source = MEMORY / "1g"
        random_file(source, PUT)
        server, client = self.cores
        folders = {name: DISK / name for name in ("dialtone", "pure-ftpd", "pyftpdlib")}
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o777)
        with contextlib.ExitStack() as stack:
            _, port = stack.enter_context(servers.dialtone(folders["dialtone"], "--anonymous", "write", core=server))
            cases = {"put1g dialtone": self._upload(folders["dialtone"], [str(TOOL), "put", str(source), f"tcp://127.0.0.1:{port}/1g"])}
            for name, start, login in (("pure-ftpd", servers.pure_ftpd, ["-u", f"{USER}:{PASSWORD}"]), ("pyftpdlib", servers.pyftpdlib, [])):
                try:
                    _, port = stack.enter_context(start(folders[name], core=server))
                except Missing as missing:
                    self.failures[f"put1g curl-{name}"] = str(missing)
                    continue
                cases[f"put1g curl-{name}"] = self._upload(
                    folders[name], ["curl", "-sS", *login, "-T", str(source), f"ftp://127.0.0.1:{port}/1g"])
            self.alternate("1 GiB onto the disk (ours is synced before it says so, theirs are not)", cases)
        clear(DISK)

    def _upload(self, folder, command):
        def measure():
            clear(folder / "1g")
            os.sync()
            seconds = run(command, self.cores[1])
            if (folder / "1g").stat().st_size != PUT:
                raise Failed("the file did not arrive")
            return seconds
        return measure

    def sessions(self):
        for name, about, measure in sessions.CASES:
            self.alternate(about, {name: lambda measure=measure: measure(MEMORY / "sessions", QUIET)})

    def startup(self):
        share = MEMORY / "small"
        share.mkdir(exist_ok=True)
        with sessions.key_server(share, QUIET) as address:
            self.alternate("start of the tool", {
                "start --version": lambda: run([str(TOOL), "--version"]),
                "start ls-with-key": lambda: run([str(TOOL), "ls", address])})

    def summary(self):
        medians = record.medians(self.rows)
        lines = ["| bar | ours | rival | ratio | bar | |", "|---|---|---|---|---|---|"]
        for bar in BARS:
            rivals = [medians[name] for name in bar.rivals if name in medians]
            if bar.ours in medians and rivals:
                ratio = medians[bar.ours] / min(rivals)
                lines.append(f"| {bar.name} | {medians[bar.ours]:.3f} s | {min(rivals):.3f} s | **{ratio:.2f}** | ≤ {bar.most:.2f} | {'met' if ratio <= bar.most else 'missed'} |")
        for name, (most, unit) in sessions.BARS.items():
            if name in medians:
                lines.append(f"| {name} | {medians[name]:,.3f} {unit} | | | ≤ {most:g} {unit} | {'met' if medians[name] <= most else 'missed'} |")
        lines += ["", "| case | median | least | most |", "|---|---|---|---|"]
        for name, median in medians.items():
            values = record.values_of(self.rows, name)
            lines.append(f"| {name} | {median:,.3f} | {min(values):,.3f} | {max(values):,.3f} |")
        lines += [f"\n- {name}: {why}" for name, why in self.failures.items()]
        return "\n".join(lines) + "\n"

    def record(self):
        pinned = "server on core 0, client on core 1" if self.options.pin else "not pinned"
        record.keep("files", "Files", f"{self.options.repetitions} repetitions, alternating, {pinned}; whole commands in seconds.", self.rows, self.summary(), peers())


def peers():
    for name, command in (("rsync", ["rsync", "--version"]), ("curl", ["curl", "--version"]), ("vsftpd", ["dpkg-query", "-W", "vsftpd"]),
                          ("pyftpdlib", ["dpkg-query", "-W", "python3-pyftpdlib"])):
        yield name, toolchain.version(command)


def main():
    cases = ("tree", "get", "tls", "put", "sessions", "startup")
    parser = argparse.ArgumentParser(prog="dialtone-bench files", description="Whole commands against their rivals, side by side.")
    parser.add_argument("case", nargs="*", help=f"which (default: all): {', '.join(cases)}")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--pin", action="store_true", help="server on core 0, client on core 1 (default: the system decides)")
    parser.add_argument("--record", action="store_true", help="write the results to bench/runs/DATE-files-MACHINE/")
    options = parser.parse_args()
    if set(options.case) - set(cases):
        parser.error(f"the cases are {', '.join(cases)}")
    servers.fetch_peers()
    subprocess.run([str(ROOT / "dialtone"), "--version"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["dotnet", "build", "-c", "Release", "-v", "quiet", "-nologo", str(ROOT / "bench/Dialtone.Bench")], check=True, stdout=subprocess.DEVNULL)
    HOME.mkdir(parents=True, exist_ok=True)
    bench = Bench(options)
    try:
        for case in options.case or cases:
            getattr(bench, case)()
    finally:
        clear(MEMORY)
    print("\n" + bench.summary())
    if options.record:
        bench.record()
    return 2 if bench.failures else 0


try:
    sys.exit(main())
except KeyboardInterrupt:
    sys.exit(130)
