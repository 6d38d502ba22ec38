"""One measurement: a fresh server on one core, the load on the other."""
import contextlib
import os
import select
import subprocess
import time

from contenders import BENCH, C_OUTPUT, PYTHON, RECEIVED, ROOT
from scenarios import Alone, Body, Idle

SERVER_CORE, LOAD_CORE = "0", "1"
READY_SECONDS, STOP_SECONDS, SPARE_SECONDS = 30, 5, 90
WARMUP_BODY = 256 << 20

# A .NET process that sees a single processor waits ten times as long before it optimises hot code: an artefact of
# pinning, which would leave part of the warm-up inside the measurement. And the tool, which plays our servers, runs as
# a program of one's own would, by the runtime's default.
PINNED = {"DOTNET_TC_DelaySingleProcMultiplier": "1", "DOTNET_TieredPGO": "1", "DOTNET_TC_CallCountThreshold": "1E"}


class Failed(Exception):
    """A contender could not be measured; the message says why."""


@contextlib.contextmanager
def running(contender):
    """Starts the server; gives its process and port; ends it."""
    logs = C_OUTPUT / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{contender.name}.log"
    with open(log, "w") as errors:
        try:
            server = subprocess.Popen(["taskset", "-c", SERVER_CORE, *contender.command], stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=errors,
                                      env={**os.environ, **PINNED, **contender.environment})
        except OSError as error:
            raise Failed(str(error)) from error
    try:
        yield server, _port_of(server, log)
    finally:
        server.terminate()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        server.stdout.close()


def _port_of(server, log):
    ready, _, _ = select.select([server.stdout], [], [], READY_SECONDS)
    line = server.stdout.readline().decode().strip() if ready else ""
    port = line.rpartition(":")[2]
    if not line.startswith("listening ") or not port.isdigit():
        complaint = log.read_text().strip().splitlines()
        why = line or (complaint[-1] if complaint else "it said nothing")
        raise Failed(f"it did not listen: {why}".replace(f"{ROOT}/", ""))
    return int(port)


def measure(scenario, contender, seconds, warmup):
    """Runs SCENARIO on CONTENDER once; returns the columns of one row."""
    if isinstance(scenario.kind, Alone):
        return _load([*contender.command, "--warmup", str(warmup), str(seconds)], warmup + seconds)
    with running(contender) as (server, port):
        before = _cpu_seconds(server.pid)
        values = _measure(scenario, contender, server, port, seconds, warmup)
        after = _cpu_seconds(server.pid)
    total, idle, ours = (late - early for early, late in zip(before, after))
    return {**values, "others": max(0, total - idle - ours) / total}


def _measure(scenario, contender, server, port, seconds, warmup):
    if isinstance(scenario.kind, Idle):
        return _load([PYTHON, str(BENCH / "idle.py"), str(port), str(scenario.kind.connections), str(server.pid)])
    if isinstance(scenario.kind, Body):
        return _body(scenario.kind, server.pid, port)
    load = scenario.kind
    command = [str(C_OUTPUT / load.program), "--pid", str(server.pid), "--warmup", str(warmup),
               "--depth", str(load.depth)]
    if contender.name in scenario.framed:
        command += ["--frame", "int32"]
    command += ["127.0.0.1", str(port), str(load.connections), str(load.size), str(seconds)]
    return _load(command, warmup + seconds)


def _load(command, expected_seconds=0):
    try:
        done = subprocess.run(["taskset", "-c", LOAD_CORE, *command], capture_output=True, text=True,
                              env={**os.environ, **PINNED}, timeout=expected_seconds + SPARE_SECONDS)
    except OSError as error:
        raise Failed(str(error)) from error
    except subprocess.TimeoutExpired as error:
        raise Failed("the load did not end in time") from error
    if done.returncode != 0:
        complaint = done.stderr.strip().splitlines()
        raise Failed(complaint[-1] if complaint else f"the load ended with {done.returncode}")
    return {name: float(value) for name, value in (pair.split("=") for pair in done.stdout.split())}


def _body(body, pid, port):
    """A warm-up body first; the memory counted is the peak over both, above the idle server."""
    try:
        idle = _memory_bytes(pid, "VmRSS")
        for size in (min(WARMUP_BODY, body.size), body.size):
            RECEIVED.unlink(missing_ok=True)
            row = _load([str(C_OUTPUT / "send_body"), "--pid", str(pid), "127.0.0.1", str(port), str(size)], 60)
            if RECEIVED.stat().st_size < size:
                raise Failed("the file is shorter than the body")
        return {**row, "growth_mb": (_memory_bytes(pid, "VmHWM") - idle) / 1e6}
    except (OSError, StopIteration) as error:
        raise Failed(f"the server or its file is gone: {error}") from error
    finally:
        RECEIVED.unlink(missing_ok=True)


def _memory_bytes(pid, field):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field))


def _cpu_seconds(pid):
    """Of the two cores together: all time, idle time, and what the server and the finished loads have used."""
    hertz = os.sysconf("SC_CLK_TCK")
    total = idle = 0
    with open("/proc/stat") as stat:
        for line in stat:
            name, *ticks = line.split()
            if name in (f"cpu{SERVER_CORE}", f"cpu{LOAD_CORE}"):
                total += sum(map(int, ticks[:8])) / hertz  # the two after these are counted in user time already
                idle += (int(ticks[3]) + int(ticks[4])) / hertz
    try:
        with open(f"/proc/{pid}/stat") as stat:
            server = sum(map(int, stat.read().rpartition(")")[2].split()[11:13])) / hertz
    except OSError as error:
        raise Failed(f"the server is gone: {error}") from error
    loads = os.times()
    return total, idle, server + loads.children_user + loads.children_system
