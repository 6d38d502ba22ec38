"""What is measured, on whom, and the bars the results are held against."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """Closed-loop echo: CONNECTIONS × SIZE bytes, DEPTH messages in flight on each connection."""
    connections: int
    size: int
    depth: int = 1
    program: str = "loadgen"


@dataclass(frozen=True)
class Idle:
    """CONNECTIONS that have echoed once and rest: resident bytes each."""
    connections: int


@dataclass(frozen=True)
class Body:
    """One body of SIZE bytes behind a JSON header, received into a file on a memory disk."""
    size: int


@dataclass(frozen=True)
class Alone:
    """No server and no load: the contender measures itself and prints its figures."""


@dataclass(frozen=True)
class Ratio:
    """CONTENDER's median is at least LEAST times RIVAL's."""
    contender: str
    rival: str
    least: float


@dataclass(frozen=True)
class Most:
    """CONTENDER's median of COLUMN is at most MOST."""
    contender: str
    column: str
    most: float
    unit: str


@dataclass(frozen=True)
class Scenario:
    name: str
    about: str
    kind: object
    column: str  # of raw.csv: what is compared
    contenders: tuple
    bars: tuple = ()
    framed: tuple = ()  # contenders that are sent int32-prefixed frames

    @property
    def more_is_better(self):
        return not isinstance(self.kind, Idle)


_EVERYONE = (
    "c-epoll", "dialtone-inline", "dialtone-inline-sockets", "dialtone-task", "kestrel", "kestrel-inline",
    "socket-async", "socket-async-inline", "socket-thread", "node", "uvloop", "python-thread",
)
_STREAMS = ("c-epoll", "dialtone-inline", "dialtone-task", "kestrel", "kestrel-inline", "socket-async", "node", "uvloop")

_ALL = [
    Scenario("echo64x64", "TCP echo, 64 connections × 64 B, ping-pong", Load(64, 64), "messages_per_s",
             _EVERYONE + ("dialtone-task-sockets", "dialtone-task-epoll"),
             (Ratio("dialtone-inline", "c-epoll", 0.92), Ratio("dialtone-inline", "kestrel", 2.3),
              Ratio("dialtone-task", "kestrel", 1.3))),
    Scenario("echo1000x64", "TCP echo, 1,000 connections × 64 B, ping-pong", Load(1000, 64), "messages_per_s",
             _STREAMS, (Ratio("dialtone-inline", "c-epoll", 0.95),)),
    Scenario("echo64x64d16", "TCP echo, 64 connections × 64 B, 16 in flight", Load(64, 64, depth=16),
             "messages_per_s", _STREAMS, (Ratio("dialtone-inline", "c-epoll", 0.9),)),
    Scenario("echo64x16k", "TCP echo, 64 connections × 16 KiB, ping-pong", Load(64, 16384), "mb_per_s",
             _STREAMS, (Ratio("dialtone-inline", "c-epoll", 0.9),)),
    Scenario("thread", "a thread per connection, 64 connections × 64 B, ping-pong", Load(64, 64), "messages_per_s",
             ("dialtone-thread", "socket-thread", "python-thread"),
             (Ratio("dialtone-thread", "socket-thread", 1.0),)),
    Scenario("pool128", "a pool of 128 threads, 64 connections × 64 B, ping-pong", Load(64, 64), "messages_per_s",
             ("dialtone-pool128", "python-pool128", "socket-thread"),
             (Ratio("dialtone-pool128", "python-pool128", 1.0),)),
    Scenario("udp64x64", "UDP echo, 64 sockets × 64 B", Load(64, 64, program="udpgen"), "messages_per_s",
             ("c-udp", "dialtone-udp", "dotnet-udp", "python-udp"), (Ratio("dialtone-udp", "c-udp", 0.95),)),
    Scenario("chat64x64", "plain chat messages and their answers, 64 senders × 64 B", Load(64, 64, program="udpgen"),
             "messages_per_s", ("dialtone-udp", "dialtone-chat", "dialtone-chat-desk"),
             (Ratio("dialtone-chat", "dialtone-udp", 0.8),)),
    Scenario("frames64x64d16", "int32-prefixed frames, 64 connections × 64 B, 16 in flight", Load(64, 64, depth=16),
             "messages_per_s", ("c-epoll", "dialtone-inline", "dialtone-frames"),
             (Ratio("dialtone-frames", "dialtone-inline", 0.85),), framed=("dialtone-frames",)),
    Scenario("jsonbody1g", "a 1 GiB body behind a JSON header, into a file on a memory disk", Body(1 << 30),
             "mb_per_s", ("c-file", "dialtone-body"),
             (Ratio("dialtone-body", "c-file", 0.9), Most("dialtone-body", "growth_mb", 20, "MB above idle"))),
    Scenario("pack", "packing `<IHQ`", Alone(), "calls_per_s", ("struct-by-hand", "dialtone-struct"),
             (Ratio("dialtone-struct", "struct-by-hand", 0.5),)),
    Scenario("idle10k", "10,000 idle connections", Idle(10_000), "bytes_per_connection",
             ("c-epoll", "dialtone-inline", "dialtone-inline-sockets", "dialtone-task", "kestrel", "socket-zero-byte",
              "socket-async", "socket-thread", "node", "uvloop", "python-thread"),
             (Most("dialtone-inline", "bytes_per_connection", 1000, "bytes per idle connection"),)),
]

SCENARIOS = {scenario.name: scenario for scenario in _ALL}
