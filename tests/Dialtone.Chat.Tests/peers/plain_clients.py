"""The tutorials' chat clients (T2): each sends a datagram of text and waits for the answer. Usage: plain_clients.py HOST PORT CLIENTS MESSAGES"""
import socket
import sys
import threading

host, port, clients, messages = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
lines = [[] for _ in range(clients)]


def talk(number):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        for i in range(messages):
            client.sendto(f"message {i} of {number}".encode("utf-8"), (host, port))
            data, server = client.recvfrom(1024)
            lines[number].append(f"{number} {server[0]}:{server[1]} {data.decode('utf-8')}")


threads = [threading.Thread(target=talk, args=(number,)) for number in range(clients)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for each in lines:
    print("\n".join(each))
