"""Builds what is measured, fetches the peers that Debian packages, and says which versions took part."""
import os
import platform
import re
import shutil
import subprocess

from contenders import BENCH, C_OUTPUT, PYTHON, ROOT

C_PROGRAMS = ("loadgen", "udpgen", "send_body", "epoll_echo", "udp_echo", "recv_file", "pipe_send")
C_FLAGS = ("-O2", "-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror")

# part: (the command that answers when it is there, Debian's package)
PARTS = {
    "gcc": (["gcc", "--version"], "gcc"),
    "taskset": (["taskset", "--version"], "util-linux"),
    "node": (["node", "--version"], "nodejs"),
    "uvloop": ([PYTHON, "-c", "import uvloop; print(uvloop.__version__)"], "python3-uvloop"),
}


class BuildError(Exception):
    """A build failed; the message holds its output."""


def version(command):
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=ROOT)
    except (OSError, subprocess.SubprocessError):
        return None
    return (answer.stdout.strip().splitlines() or [""])[0]


def fetch_parts():
    """Returns the parts that are missing, after an attempt to install them where that is allowed."""
    missing = [part for part, (probe, _) in PARTS.items() if version(probe) is None]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = [PARTS[part][1] for part in missing]
        print(f"installing {' '.join(packages)}", flush=True)
        for command in (["update", "-q"], ["install", "-qy", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", *command], stdout=subprocess.DEVNULL, check=False)
    return [part for part in missing if version(PARTS[part][0]) is None]


def build():
    build_parts(C_PROGRAMS, BENCH / "Bench.slnx")


def build_parts(c_programs, project):
    C_OUTPUT.mkdir(parents=True, exist_ok=True)
    for program in c_programs:
        sources = [str(BENCH / "c" / f"{program}.c"), str(BENCH / "c" / "bench.c")]
        _run(["gcc", *C_FLAGS, "-o", str(C_OUTPUT / program), *sources])
    _run(["dotnet", "build", "-c", "Release", "-v", "quiet", "-nologo", str(project)])


def _run(command):
    print(" ".join(command).replace(f"{ROOT}/", ""), flush=True)
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise BuildError(done.stdout)


def machine():
    """A name that tells the kind of machine and not which one it is."""
    kernel = ".".join(platform.release().split(".")[:2])
    return f"{os.cpu_count()}core-{platform.system().lower()}-{kernel}"


def describe():
    """The facts a reader needs to judge or repeat a run, as (what, value)."""
    with open("/proc/cpuinfo") as cpuinfo:
        model = next((line.split(":")[1].strip() for line in cpuinfo if line.startswith("model name")), "unknown")
    with open("/proc/meminfo") as meminfo:
        memory = int(next(line.split()[1] for line in meminfo if line.startswith("MemTotal"))) / 1024**2
    kernel = re.match(r"[\d.]*\d", platform.release())
    overrides = sorted(name for name in os.environ
                       if re.match(r"(DOTNET|COMPlus)_(Tiered|TC_|GC|gc|ReadyToRun|ThreadPool|SYSTEM_NET)", name))
    return [
        ("CPU", f"{model}, {os.cpu_count()} cores"),
        ("memory", f"{memory:.0f} GiB"),
        ("kernel", f"{platform.system()} {kernel.group() if kernel else 'unknown'}"),
        ("distribution", platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")),
        ("libc", " ".join(platform.libc_ver())),
        ("gcc", f"{version(['gcc', '--version'])}, {' '.join(C_FLAGS[:2])}"),
        (".NET SDK", version(["dotnet", "--version"])),
        (".NET runtimes", ", ".join(_runtimes())),
        ("Node.js", version(["node", "--version"])),
        ("Python", version([PYTHON, "--version"])),
        ("uvloop", version(PARTS["uvloop"][0])),
        ("runtime settings from the environment", ", ".join(overrides) or "none"),
        ("commit", commit()),
    ]


def _runtimes():
    listed = subprocess.run(["dotnet", "--list-runtimes"], capture_output=True, text=True).stdout
    return [" ".join(line.split()[:2]) for line in listed.splitlines()]


def commit():
    head = version(["git", "rev-parse", "--short=12", "HEAD"]) or "unknown"
    changed = version(["git", "status", "--porcelain", "--untracked-files=no"])
    return f"{head} with uncommitted changes" if changed else head
