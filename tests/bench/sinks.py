"""A mail server and a fake provider that take everything as fast as they can; each runs as a process of its own.

``python sinks.py http|smtp`` prints the port it listens on, and counts what it took under ``GET /count`` (http).
"""

from __future__ import annotations

import asyncio
import sys


async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers 202 to every request on a kept-alive connection, and an empty list to every GET."""
    number = 0
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
            if length:
                await reader.readexactly(length)
            number += 1
            if head.startswith(b"GET"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")
            else:
                writer.write(b"HTTP/1.1 202 Accepted\r\nX-Message-Id: m%d\r\nContent-Length: 0\r\n\r\n" % number)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says 250 to every line and every letter."""
    try:
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 queued\r\n")
            elif verb == b"EHLO":
                writer.write(b"250-sink\r\n250-8BITMIME\r\n250 SIZE 50000000\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()


async def main(kind: str) -> None:
    """Listens on any free port of this machine until it is ended."""
    server = await asyncio.start_server({"http": http, "smtp": smtp}[kind], "127.0.0.1", 0, limit=64 * 1024 * 1024)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - the port is what its caller waits for
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
