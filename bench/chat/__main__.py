"""The command ./dialtone-bench chat: what a room of native clients costs."""
import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runner"))
import record  # noqa: E402
import toolchain  # noqa: E402
from processes import BENCH, ROOT  # noqa: E402

CLIENTS, MESSAGES, WINDOW = 1000, 1000, 64
IDLE, WARM, REST_SECONDS = 10_000, 500, 5
TICKS = os.sysconf("SC_CLK_TCK")

# name: (bound, whether it is the least or the most, unit)
BARS = {
    "fan-out": (100_000, "at least", "deliveries/s"),
    "fan-out lost": (0, "at most", "deliveries"),
    "idle": (1000, "at most", "live bytes a client"),
}


class Failed(Exception):
    """A measurement could not be taken."""


@contextlib.contextmanager
def program(*arguments, ready):
    """Runs a part of Dialtone.Bench until the end of the block; gives it and what it said behind the word READY."""
    with subprocess.Popen([str(BENCH), *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True) as running:
        try:
            said = running.stdout.readline().split()
            if said[:1] != [ready]:
                raise Failed(f"{arguments[0]} did not start")
            yield running, said[1]
        finally:
            running.send_signal(signal.SIGTERM)
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_bytes(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def fan_out(folder):
    with program("chat-serve", folder, ready="listening") as (server, address):
        done = subprocess.run([str(BENCH), "chat-fan", address, str(CLIENTS), str(MESSAGES), str(WINDOW)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise Failed((done.stderr.strip().splitlines() or ["chat-fan failed"])[0])
        said = dict(word.split("=") for word in done.stdout.split())
        yield "fan-out", float(said["deliveries_per_s"])
        yield "fan-out lost", float(said["lost"]) + float(said["failed"]) + float(said["wrong"])
        yield "fan-out client", float(said["client_us"])
        # A quarter of the messages warms up; joins are in it too.
        yield "fan-out server", cpu_seconds(server.pid) * 1e6 / (float(said["deliveries"]) * 1.25)


def memory(server):
    """What a server holds: resident as it is; then, after it gave back what nobody uses, live bytes of the heap, and resident."""
    time.sleep(REST_SECONDS)
    held = resident_bytes(server.pid)
    server.stdin.write("rest\n")
    server.stdin.flush()
    return held, int(server.stdout.readline().split()[1]), resident_bytes(server.pid)


def idle(folder):
    with program("chat-serve", folder, ready="listening") as (server, address):
        with program("chat-crowd", address, WARM, ready="joined"):
            before = memory(server)
            with program("chat-crowd", address, IDLE, ready="joined"):
                held, live, rested = ((now - then) / IDLE for now, then in zip(memory(server), before))
                yield "idle", live
                yield "idle resident, rested", rested
                yield "idle resident", held


CASES = {"fan-out": fan_out, "idle": idle}
UNITS = {"fan-out client": "µs of CPU a delivery", "fan-out server": "µs of CPU a delivery",
         "idle resident": "bytes a client", "idle resident, rested": "bytes a client"}


def summary(rows, failures):
    lines = ["| case | median | least | most | unit | bar | |", "|---|---|---|---|---|---|---|"]
    for name, median in record.medians(rows).items():
        values = record.values_of(rows, name)
        bound, sense, unit = BARS.get(name, (None, "", UNITS.get(name, "")))
        bar, met = "", ""
        if bound is not None:
            bar = f"{sense} {bound:,}"
            met = "met" if (median >= bound if sense == "at least" else median <= bound) else "missed"
        lines.append(f"| {name} | {median:,.1f} | {min(values):,.1f} | {max(values):,.1f} | {unit} | {bar} | {met} |")
    return "\n".join(lines + [f"\n- {name}: {why}" for name, why in failures.items()]) + "\n"


def main():
    parser = argparse.ArgumentParser(prog="dialtone-bench chat", description="What a room of native clients costs: fan-out, and idle clients.")
    parser.add_argument("case", nargs="*", help=f"which (default: all): {', '.join(CASES)}")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--record", action="store_true", help="write the results to bench/runs/DATE-chat-MACHINE/")
    options = parser.parse_args()
    if set(options.case) - set(CASES):
        parser.error(f"the cases are {', '.join(CASES)}")
    toolchain.build_parts((), ROOT / "bench/Dialtone.Bench")
    rows, failures = [], {}
    with tempfile.TemporaryDirectory() as folder:
        for repetition in range(1, options.repetitions + 1):
            for case in options.case or CASES:
                if case in failures:
                    continue
                try:
                    for name, value in CASES[case](folder):
                        rows.append((name, repetition, value))
                        print(f"  {name:24}{value:,.1f}", flush=True)
                except (Failed, subprocess.TimeoutExpired) as failure:
                    failures[case] = str(failure)
                    print(f"  {case:24}{failure}", flush=True)
    print("\n" + summary(rows, failures))
    if options.record:
        record.keep("chat", "Chat", f"{options.repetitions} repetitions, a fresh server each, not pinned.", rows, summary(rows, failures))
    if failures:
        return 2
    return 1 if "missed" in summary(rows, failures) else 0


try:
    sys.exit(main())
except KeyboardInterrupt:
    sys.exit(130)
