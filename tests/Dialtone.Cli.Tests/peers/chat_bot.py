"""The operator of a chat in a few lines: answers everybody with what they said, in upper case.

chat_bot.py PROGRAM WORD…     prints where the server listens, as the server does
"""
import subprocess
import sys

server = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
for line in server.stdout:
    who, text = line.rstrip("\n").split(" ", 1)
    if who == "listening":
        print(line, end="", flush=True)
    elif not who.startswith("["):
        print(who, text.upper(), file=server.stdin, flush=True)
