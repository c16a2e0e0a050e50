"""A door into a network namespace: accepts TCP at LISTEN here, and carries each connection to CONNECT in the namespace.

Usage: door.py LISTEN NAMESPACE CONNECT; both addresses are HOST:PORT, the namespace is a file such as /run/netns/NAME.
Prints "ready" once it listens.
"""

import asyncio
import ctypes
import os
import socket
import sys

CHUNK = 65_536
CLONE_NEWNET = 0x40000000


def address(text: str) -> "tuple[str, int]":
    host, _, port = text.rpartition(":")
    return host, int(port)


def enter(path: str) -> None:
    """Sockets made from here on are the namespace's; one that is open stays where it was made."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if libc.setns(descriptor, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {path}")
    finally:
        os.close(descriptor)


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()  # the other side hears of it as it would without us


async def main() -> None:
    listen, namespace, target = sys.argv[1:4]
    listener = socket.create_server(address(listen), backlog=128)
    enter(namespace)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(*address(target))
        except OSError:
            writer.transport.abort()
            return
        for one in (writer, there[1]):
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(carry(reader, there[1]), carry(there[0], writer))
        for one in (there[1], writer):
            one.close()

    server = await asyncio.start_server(accept, sock=listener)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
