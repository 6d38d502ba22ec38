"""The tutorials' chat server over UDP: shows each message with its sender, and answers at that address; here by itself.

chat_server.py ENCODING COUNT     prints its port, ends after so many messages
"""
import socket
import sys

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
for _ in range(int(sys.argv[2])):
    message, sender = server.recvfrom(1024)
    text = message.decode(sys.argv[1])
    print(f"{sender[0]} {text}", flush=True)
    server.sendto(f"{text}? 好".encode(sys.argv[1]), sender)
