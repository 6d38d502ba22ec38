"""An echo server as an asyncio Protocol, on uvloop or (with --asyncio) on the standard library's loop."""
import asyncio
import sys


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def main():
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0, backlog=4096)
    print(f"listening tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if "--asyncio" not in sys.argv:
    import uvloop

    uvloop.install()
asyncio.run(main())
