"""Sits at a terminal: runs a program on a pseudo-terminal, types, and waits for what is to appear.

terminal.py [--screen] PROGRAM WORD…     standard input has the script, a line each: "type TEXT", "see TEXT", "touch FILE" and "soon SECONDS"
(in which it must end after what was typed last) in JSON strings, and "hang up" as the last one, which closes the terminal.
Prints "seen" for each text that appeared, and at the end "exit STATUS"; with --screen one JSON string instead, of all that appeared and the end.
"""
import json
import os
import pty
import select
import sys
import time

PATIENCE = 30

wants_screen = sys.argv[1] == "--screen"
if wants_screen:
    del sys.argv[1]
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])

shown = screen = b""
typed = soon = None


def read_some(deadline):
    """Whether anything came before the terminal was closed."""
    global shown, screen
    ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
    if not ready:
        sys.exit(f"not within {PATIENCE} s; shown: {shown!r}")
    try:
        piece = os.read(terminal, 4096)
    except OSError:  # EIO: the program has left
        piece = b""
    shown += piece
    screen += piece
    return piece != b""


def see(text):
    global shown
    deadline = time.monotonic() + PATIENCE
    while text not in shown:
        if not read_some(deadline):
            sys.exit(f"the program left; shown: {shown!r}")
    shown = shown[shown.index(text) + len(text):]
    if not wants_screen:
        print("seen", flush=True)


for line in sys.stdin:
    if line == "hang up\n":
        os.close(terminal)
        terminal = None
        break
    verb, text = line.split(" ", 1)
    text = json.loads(text)
    if verb == "type":
        os.write(terminal, text.encode())
        typed = time.monotonic()
    elif verb == "touch":
        open(text, "w").close()
    elif verb == "soon":
        soon = float(text)
    else:
        see(text.encode())

end = time.monotonic() + PATIENCE
while terminal is not None and read_some(end):
    pass
_, status = os.waitpid(child, 0)
if soon and time.monotonic() - typed > soon:
    sys.exit(f"it did not end within {soon} s")
end = f"exit {os.waitstatus_to_exitcode(status)}"
print(json.dumps(screen.decode() + end) if wants_screen else end, flush=True)
