"""A mail server and a fake provider that take everything; each runs as a process of its own and keeps books.

``python sinks.py http|smtp`` prints the port it listens on. The provider reads each payload as a provider must
(it parses the JSON and notes delivery and address) and knows no suppressed address; the mail server notes each
letter's recipient and size. What was noted twice is said on standard error.
"""

from __future__ import annotations

import asyncio
import json
import sys

BOOKS: dict[str, int] = {}


def note(key: str) -> None:
    """One line in the books."""
    BOOKS[key] = BOOKS.get(key, 0) + 1


async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers 202 to every letter and an empty page to every question, on a kept-alive connection."""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            lines = head.split(b"\r\n")
            length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
            if head.startswith(b"get"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")
                continue
            letter = json.loads(await reader.readexactly(length))
            note(letter["custom_args"]["delivery"] + letter["personalizations"][0]["to"][0]["email"])
            writer.write(b"HTTP/1.1 202 Accepted\r\nX-Message-Id: m%d\r\nContent-Length: 0\r\n\r\n" % len(BOOKS))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Says 250 to every line and every letter."""
    recipient = b""
    try:
        writer.write(b"220 sink\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                data = await reader.readuntil(b"\r\n.\r\n")
                note(f"{recipient!r} {len(data)}")
                writer.write(b"250 queued\r\n")
            elif verb == b"EHLO":
                writer.write(b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 50000000\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                recipient = line if verb == b"RCPT" else recipient
                writer.write(b"250 ok\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()


async def main(kind: str) -> None:
    """Listens on any free port of this machine until it is ended."""
    handler = {"http": http, "smtp": smtp}[kind]
    server = await asyncio.start_server(handler, "127.0.0.1", 0, limit=64 * 1024 * 1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
