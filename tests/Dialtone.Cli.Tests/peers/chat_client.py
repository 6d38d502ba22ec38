"""The tutorials' chat client over UDP: says something, waits for the answer, shows it, and goes on.

chat_client.py PORT ENCODING TEXT…
"""
import socket
import sys

client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(30)
for text in sys.argv[3:]:
    client.sendto(text.encode(sys.argv[2]), ("127.0.0.1", int(sys.argv[1])))
    answer, server = client.recvfrom(1024)
    print(f"{server[0]}: {answer.decode(sys.argv[2])}", flush=True)
