"""Runs a command at a terminal of 80 columns and 24 rows, and does to it what somebody there would do.

at_terminal.py STEPS COMMAND…   STEPS in JSON: ["see", TEXT], ["type", TEXT], ["resize", COLUMNS, ROWS]
Prints the command's exit code, and whether the terminal was left as it was found.
"""
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

PATIENCE = 50


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))  # the system sends SIGWINCH


def read_some(terminal, deadline):
    if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
        return None
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


def see(terminal, seen, text):
    deadline = time.monotonic() + PATIENCE
    while text.encode() not in seen:
        part = read_some(terminal, deadline)
        if not part:
            sys.exit(f"never seen: {text!r} after {bytes(seen)!r}")
        seen += part
    del seen[:seen.index(text.encode()) + len(text.encode())]


def main():
    steps, command = json.loads(sys.argv[1]), sys.argv[2:]
    process, terminal = pty.fork()
    if process == 0:
        resize(0, 80, 24)
        os.environ["TERM"] = "xterm"
        os.execvp(command[0], command)
    before = termios.tcgetattr(terminal)
    seen = bytearray()
    for what, *values in steps:
        if what == "see":
            see(terminal, seen, *values)
        elif what == "type":
            os.write(terminal, values[0].encode())
        else:
            resize(terminal, *values)
    deadline = time.monotonic() + PATIENCE
    while part := read_some(terminal, deadline):
        seen += part
    after = termios.tcgetattr(terminal)
    _, status = os.waitpid(process, 0)
    print(os.waitstatus_to_exitcode(status), "restored" if after == before else "left raw")


main()
