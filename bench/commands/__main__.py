"""The command ./dialtone-bench commands: remote commands against OpenSSH and a C loop, side by side."""
import argparse
import contextlib
import os
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runner"))
import peers  # noqa: E402
import record  # noqa: E402
import toolchain  # noqa: E402
from processes import BENCH, PARTS, ROOT, TOOL, Missing  # noqa: E402

BIG = 2 << 30
OPEN_COUNT, COLD_COUNT = 200, 20
OUTPUT = ["head", "-c", str(BIG), "/dev/zero"]


@dataclass(frozen=True)
class Bar:
    """OURS is at most MOST times RIVAL, in seconds."""
    name: str
    ours: str
    rival: str
    most: float


BARS = (
    Bar("`true` over an open session", "open dialtone", "open ssh-master", 1.0),
    Bar("`true`, cold, with a client key", "cold dialtone", "cold ssh", 1.2),
    Bar("2 GiB of output over TLS", "tls2g dialtone", "tls2g ssh", 1.0),
    Bar("2 GiB of output, plain", "plain2g dialtone", "plain2g c", 1 / 0.8),
)


class Failed(Exception):
    """A measurement could not be taken."""


def run(command, core=None):
    """Runs a command and returns its seconds."""
    if core is not None:
        command = ["taskset", "-c", str(core), *command]
    begin = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=300)
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)[:80]} ended with {done.returncode}: {(done.stderr.strip().splitlines() or ['no word'])[-1]}")
    return seconds


def many(command, count, core):
    """Seconds of one of COUNT."""
    begin = time.perf_counter()
    for _ in range(count):
        run(command, core)
    return (time.perf_counter() - begin) / count


class Bench:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.rows = []
        self.failures = {}
        self.server, self.client = (0, 1) if options.pin else (None, None)
        self.key = folder / "hmac"
        self.key.write_text(os.urandom(24).hex() + "\n")
        self.key.chmod(0o600)

    def alternate(self, about, cases):
        """CASES: name -> a callable that returns seconds; each once, then again."""
        print(f"\n{about}", flush=True)
        for repetition in range(1, self.options.repetitions + 1):
            for name, measure in cases.items():
                if name in self.failures:
                    continue
                try:
                    value = measure()
                except (Failed, subprocess.TimeoutExpired) as failure:
                    self.failures[name] = str(failure)
                    print(f"  {name:20}{failure}", flush=True)
                    continue
                self.rows.append((name, repetition, value))
                print(f"  {name:20}{value:.4f}", flush=True)

    @contextlib.contextmanager
    def ssh(self):
        with tempfile.TemporaryDirectory(prefix="dialtone-bench-ssh-") as folder, peers.sshd(Path(folder), self.server) as ssh:
            yield ssh, Path(folder)

    def open(self):
        with contextlib.ExitStack() as stack:
            address = stack.enter_context(peers.dialtone(self.folder, "--hmac-key-file", str(self.key), core=self.server))
            ssh, folder = stack.enter_context(self.ssh())
            shared = [*ssh, "-o", f"ControlPath={folder}/master"]
            subprocess.run([*shared, "-o", "ControlMaster=yes", "-o", "ControlPersist=yes", "-fN", "bench"], check=True, stdin=subprocess.DEVNULL)
            stack.callback(subprocess.run, [*shared, "-O", "exit", "bench"], stderr=subprocess.DEVNULL)
            ours = [str(BENCH), "run-true", address, str(self.key), str(OPEN_COUNT)]
            if self.client is not None:
                ours = ["taskset", "-c", str(self.client), *ours]
            self.alternate("true, again and again over an open session (seconds of one)", {
                "open dialtone": lambda: 1 / float(subprocess.run(ours, check=True, capture_output=True, text=True).stdout),
                "open ssh-master": lambda: many([*shared, "bench", "true"], OPEN_COUNT // 4, self.client)})

    def cold(self):
        key = self.folder / "key.pem"
        fingerprint = subprocess.run([str(TOOL), "key", "new", "--out", str(key)], check=True, capture_output=True, text=True).stdout.strip()
        with peers.dialtone(self.folder, "--allow-key", fingerprint, core=self.server) as address, self.ssh() as (ssh, _):
            ours = [str(TOOL), "exec", "-n", "--known-hosts", str(self.folder / "known"), "--key", str(key), address, "--", "true"]
            run(ours)
            self.alternate("true by a client that starts, calls and proves its key (seconds of one)", {
                "cold dialtone": lambda: many(ours, COLD_COUNT, self.client),
                "cold ssh": lambda: many([*ssh, "bench", "true"], COLD_COUNT, self.client)})

    def tls(self):
        with peers.dialtone(self.folder, "--hmac-key-file", str(self.key), core=self.server) as address, self.ssh() as (ssh, _):
            ours = [str(TOOL), "exec", "-n", "--known-hosts", str(self.folder / "known"), "--hmac-key-file", str(self.key), address, "--", *OUTPUT]
            self.alternate("2 GiB of output over TLS, and through ssh with its default cipher", {
                "tls2g dialtone": lambda: run(ours, self.client),
                "tls2g ssh": lambda: run([*ssh, "bench", shlex.join(OUTPUT)], self.client)})

    def plain(self):
        with peers.dialtone(self.folder, scheme="tcp", core=self.server) as address, peers.pipe_send(OUTPUT, self.server) as port:
            self.alternate("2 GiB of output, plain", {
                "plain2g dialtone": lambda: run([str(TOOL), "exec", "-n", address, "--", *OUTPUT], self.client),
                "plain2g c": lambda: run([str(PARTS / "pipe_send"), "--fetch", port], self.client)})

    def summary(self):
        medians = record.medians(self.rows)
        lines = ["| bar | ours | rival | rate, ours to rival's | bar | |", "|---|---|---|---|---|---|"]
        for bar in BARS:
            if bar.ours in medians and bar.rival in medians:
                ratio = medians[bar.rival] / medians[bar.ours]
                lines.append(f"| {bar.name} | {medians[bar.ours]:.4f} s | {medians[bar.rival]:.4f} s | **{ratio:.2f}** | ≥ {1 / bar.most:.2f} | {'met' if ratio >= 1 / bar.most else 'missed'} |")
        lines += ["", "| case | median | least | most |", "|---|---|---|---|"]
        for name, median in medians.items():
            values = record.values_of(self.rows, name)
            lines.append(f"| {name} | {median:.4f} | {min(values):.4f} | {max(values):.4f} |")
        lines += [f"\n- {name}: {why}" for name, why in self.failures.items()]
        return "\n".join(lines) + "\n"

    def record(self):
        ssh = subprocess.run(["ssh", "-V"], capture_output=True, text=True).stderr.strip()
        pinned = "server on core 0, client on core 1" if self.options.pin else "not pinned"
        record.keep("commands", "Remote commands", f"{self.options.repetitions} repetitions, alternating, {pinned}; seconds.", self.rows, self.summary(), [("ssh", ssh)])


def main():
    cases = ("open", "cold", "tls", "plain")
    parser = argparse.ArgumentParser(prog="dialtone-bench commands", description="Remote commands against OpenSSH and a C loop, side by side.")
    parser.add_argument("case", nargs="*", help=f"which (default: all): {', '.join(cases)}")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--pin", action="store_true", help="server on core 0, client on core 1 (default: the system decides)")
    parser.add_argument("--record", action="store_true", help="write the results to bench/runs/DATE-commands-MACHINE/")
    options = parser.parse_args()
    if set(options.case) - set(cases):
        parser.error(f"the cases are {', '.join(cases)}")
    peers.fetch_peers()
    subprocess.run([str(ROOT / "dialtone"), "--version"], check=True, stdout=subprocess.DEVNULL)
    toolchain.build_parts(["pipe_send"], ROOT / "bench/Dialtone.Bench")
    with tempfile.TemporaryDirectory(prefix="dialtone-bench-") as folder:
        bench = Bench(options, Path(folder))
        for case in options.case or cases:
            try:
                getattr(bench, case)()
            except Missing as missing:
                bench.failures[case] = str(missing)
                print(f"  {case}: {missing}", flush=True)
        print("\n" + bench.summary())
        if options.record:
            bench.record()
    return 2 if bench.failures else 0


try:
    sys.exit(main())
except KeyboardInterrupt:
    sys.exit(130)
