"""Joins streams: accepts connections at LISTEN and carries each to CONNECT. Both are unix:PATH or tcp:HOST:PORT.

A socket with a path is reachable from every network namespace: that is how a connection gets into one, and out of one.
Prints "ready" once it listens. Ends with its owner.
"""

import asyncio
import sys

CHUNK = 65_536


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()  # the other side hears of it as it would without us


async def join(target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        there = await connect(target)
    except OSError:
        writer.transport.abort()
        return
    await asyncio.gather(carry(reader, there[1]), carry(there[0], writer))
    for one in (there[1], writer):
        one.close()


async def connect(target: str) -> "tuple[asyncio.StreamReader, asyncio.StreamWriter]":
    kind, _, rest = target.partition(":")
    if kind == "unix":
        return await asyncio.open_unix_connection(rest)
    host, _, port = rest.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def main() -> None:
    listen, target = sys.argv[1:3]
    kind, _, rest = listen.partition(":")

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await join(target, reader, writer)

    if kind == "unix":
        server = await asyncio.start_unix_server(accept, rest)
    else:
        host, _, port = rest.rpartition(":")
        server = await asyncio.start_server(accept, host, int(port))
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
