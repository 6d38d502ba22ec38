"""Who is measured.

A contender is a server that prints `listening SCHEME://127.0.0.1:PORT` when it is ready; or, where a scenario's kind
is Alone, a program that measures itself.
"""
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / "bench"
C_OUTPUT = ROOT / "artifacts" / "bench"
PYTHON = "/usr/bin/python3"  # Debian's, for which python3-uvloop is built
SCRATCH = Path("/dev/shm") if Path("/dev/shm").is_dir() else C_OUTPUT
RECEIVED = SCRATCH / "dialtone-bench-received"


@dataclass(frozen=True)
class Contender:
    name: str
    about: str
    command: list
    environment: dict = field(default_factory=dict)
    needs: tuple = ()  # names of the parts in toolchain.PARTS that must be there


def _c(program, *arguments):
    return [str(C_OUTPUT / program), *arguments]


def _dotnet(project, *arguments, assembly=None):
    return [str(ROOT / "artifacts/bin" / project / "release" / (assembly or project)), *arguments]


def _python(script, *arguments):
    return [PYTHON, str(BENCH / "peers" / script), *arguments]


def _dialtone(*arguments, scheme="tcp"):
    return _dotnet("Dialtone.Cli", "serve", "echo", "--listen", f"{scheme}://127.0.0.1:0",
                   "--max-connections", "20000", *arguments, assembly="dialtone")


_INLINE_COMPLETIONS = {"DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS": "1"}

_ALL = [
    Contender("c-epoll", "single-threaded epoll in C: the limit", _c("epoll_echo")),
    Contender("dialtone-inline", "Inline, the engine it chooses by itself", _dialtone("--concurrency", "inline")),
    Contender("dialtone-inline-sockets", "Inline on the portable engine",
              _dialtone("--concurrency", "inline", "--engine", "sockets")),
    Contender("dialtone-task", "Task, the engine it chooses by itself", _dialtone("--concurrency", "task")),
    Contender("dialtone-task-sockets", "Task on the portable engine",
              _dialtone("--concurrency", "task", "--engine", "sockets")),
    Contender("dialtone-task-epoll", "Task on the epoll engine",
              _dialtone("--concurrency", "task", "--engine", "epoll")),
    Contender("dialtone-thread", "Thread", _dialtone("--concurrency", "thread")),
    Contender("dialtone-pool128", "Pool of 128", _dialtone("--concurrency", "pool:128")),
    Contender("dialtone-frames", "Inline, int32-prefixed frames",
              _dialtone("--concurrency", "inline", "--framing", "int32")),
    Contender("dialtone-udp", "Inline over UDP", _dialtone("--concurrency", "inline", scheme="udp")),
    Contender("dialtone-chat", "a chat whose bot answers plain messages at once",
              _dotnet("Dialtone.Bench", "chat-plain", "at-once")),
    Contender("dialtone-chat-desk", "a chat whose operator answers plain messages from the desk",
              _dotnet("Dialtone.Bench", "chat-plain", "desk")),
    Contender("dialtone-body", "JSON header, then the body copied into a file",
              _dotnet("Dialtone.Bench", "receive", str(RECEIVED))),
    Contender("dialtone-struct", "StructFormat, values of their own types",
              _dotnet("Dialtone.Bench", "pack", "format")),
    Contender("struct-by-hand", "BinaryPrimitives, one call per value",
              _dotnet("Dialtone.Bench", "pack", "by-hand")),
    Contender("c-file", "recv and write with 256 KiB in C: the limit", _c("recv_file", str(RECEIVED))),
    Contender("c-udp", "recvmmsg and sendmmsg in C: the limit", _c("udp_echo")),
    Contender("kestrel", "Kestrel's connection handler at its defaults", _dotnet("Kestrel")),
    Contender("kestrel-inline", "Kestrel, inline scheduling and inline completions",
              _dotnet("Kestrel", "--inline"), _INLINE_COMPLETIONS),
    Contender("socket-async", ".NET Socket async, a buffer per connection", _dotnet("SocketAsync")),
    Contender("socket-async-inline", ".NET Socket async, inline completions",
              _dotnet("SocketAsync"), _INLINE_COMPLETIONS),
    Contender("socket-zero-byte", ".NET Socket async, waiting on an empty receive",
              _dotnet("SocketAsync", "--zero-byte")),
    Contender("socket-thread", ".NET, a thread per connection", _dotnet("SocketThread")),
    Contender("dotnet-udp", ".NET, blocking SocketAddress calls", _dotnet("UdpSocketAddress")),
    Contender("node", "Node.js, net module", ["node", str(BENCH / "peers/node_echo.js")], needs=("node",)),
    Contender("uvloop", "Python, uvloop", _python("uvloop_echo.py"), needs=("uvloop",)),
    Contender("asyncio", "Python, asyncio", _python("uvloop_echo.py", "--asyncio")),
    Contender("python-thread", "Python, ThreadingTCPServer", _python("thread_echo.py")),
    Contender("python-pool128", "Python, ThreadPoolExecutor(128)", _python("pool_echo.py")),
    Contender("python-udp", "Python, UDPServer", _python("udp_echo.py")),
]

CONTENDERS = {contender.name: contender for contender in _ALL}
