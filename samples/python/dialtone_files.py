"""A client of Dialtone's native file protocol: put, get, list. Usage: dialtone_files.py HOST PORT put|get|list ARGUMENTS"""
import json, socket, struct, sys


class Files:
    def __init__(self, host, port):
        self.wire = socket.create_connection((host, port)).makefile("rwb")
        self.id = 0

    def ask(self, body=b"", **request):
        self.id += 1
        header = json.dumps({"id": self.id, **request}).encode()
        self.wire.write(struct.pack("<i", len(header)) + header + body)
        self.wire.flush()
        length, = struct.unpack("<i", self.wire.read(4))
        answer = json.loads(self.wire.read(length))
        if "error" in answer:
            raise OSError(f"{answer['error']}: {answer['message']}")
        return answer, self.wire.read(answer.get("size", 0))

    def put(self, local, remote):
        with open(local, "rb") as file:
            content = file.read()
        return self.ask(content, cmd="put", path=remote, size=len(content), parents=True)[0]

    def get(self, remote, local):
        with open(local, "wb") as file:
            return file.write(self.ask(cmd="get", path=remote)[1])

    def list(self, folder="/"):
        return [json.loads(line) for line in self.ask(cmd="list", path=folder, limit=10000)[1].splitlines()]


if __name__ == "__main__":
    host, port, verb, *arguments = sys.argv[1:]
    print(getattr(Files(host, int(port)), verb)(*arguments))
