"""A SendGrid of our own on loopback, with books of its own and faults on request.

Every accepted letter is a line of the books, written and fsynced *before* anything is answered, so that
what it took can be counted however the client ended. As its own process:

    python tests/fake_sendgrid.py --port 0 --books books.jsonl --script accept,take-hang --then accept

prints ``listening on PORT`` when it is ready and runs until it is killed. The faults, one per letter:

    accept  accept-close  accept-chunked  accept-continue                  taken, and said so in that way
    take-hang  take-close  take-reset  take-truncate-head  take-truncate-body  take-garbage  take-drip
                                                                           taken, and not said so
    read-hang  read-close  read-reset                                      read, not taken, no answer
    hang  reset  reset-middle                                              not even read
    redirect  early-413  echo  status:NNN  status:NNN;retry-after=7        an answer, nothing taken
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from http.client import parse_headers
from pathlib import Path
from typing import Any, BinaryIO

KEY = "SG.fake.key-of-the-tests"
RESERVED = {"to", "cc", "bcc", "from", "reply-to", "subject", "received", "content-type", "content-transfer-encoding"}


class FakeSendgrid:
    """The provider; use it as a context manager."""

    def __init__(self, books: Path, *, key: str = KEY, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.books_path = books
        self.key = key
        self.tls = tls
        self.faults: deque[str] = deque()
        self.then = "accept"
        self.list_faults: deque[str] = deque()
        self.lists: dict[str, list[dict[str, Any]]] = {}
        self.page = 500
        self.requests: list[dict[str, Any]] = []
        self.connections = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self._spawn(self._listen)

    def __enter__(self) -> FakeSendgrid:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    def script(self, *faults: str) -> None:
        """What happens to the next letters, one fault each; ``then`` to all after them."""
        self.faults.extend(faults)

    def books(self) -> list[dict[str, Any]]:
        """The letters that were taken."""
        text = self.books_path.read_text("utf-8") if self.books_path.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def refuse(self) -> None:
        """From now on connections are refused."""
        # A blocked accept() would keep the port open.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def hang_up(self) -> None:
        """Closes every open connection, as a provider does with idle ones."""
        with self._lock:
            for sock in self._open:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self._stopping.set()
        self.refuse()
        self.hang_up()
        for thread in self._threads:
            thread.join(5)

    def _spawn(self, target: Any, *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(sock)
            self._spawn(self._serve, sock)

    def _serve(self, plain: socket.socket) -> None:
        sock = plain
        try:
            if self.tls:
                sock = self.tls.wrap_socket(plain, server_side=True)
                with self._lock:
                    self._open.add(sock)
            with sock.makefile("rb") as stream:
                while self._one(sock, stream):
                    pass
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._open -= {sock, plain}
            sock.close()

    def _one(self, sock: socket.socket, stream: BinaryIO) -> bool:
        """Serves one request; whether the connection lives on."""
        first = stream.readline().decode("latin-1")
        if not first:
            return False
        method, target, _ = first.split(" ")
        headers = {name.lower(): value for name, value in parse_headers(stream).items()}
        with self._lock:
            queue = self.faults if method == "POST" else self.list_faults
            fault = queue.popleft() if queue else (self.then if method == "POST" else "accept")
            request = {"method": method, "path": target, "headers": headers, "fault": fault, "body": b""}
            self.requests.append(request)
        if fault in {"hang", "reset", "reset-middle", "early-413"}:
            return self._unread(sock, stream, fault)
        request["body"] = body = stream.read(int(headers.get("content-length", 0)))
        if len(body) < int(headers.get("content-length", 0)):
            return False
        return self._answer(sock, request, body)

    def _unread(self, sock: socket.socket, stream: BinaryIO, fault: str) -> bool:
        if fault == "hang":
            self._stopping.wait()
        elif fault == "early-413":
            sock.sendall(_reply(413, {"errors": [{"message": "too large"}]}, {"Connection": "close"}))
            time.sleep(0.1)
        else:
            stream.read(10 if fault == "reset-middle" else 0)
            _reset(sock)
        return False

    def _answer(self, sock: socket.socket, request: dict[str, Any], body: bytes) -> bool:
        fault = request["fault"]
        if fault.startswith("read-"):
            return self._silent(sock, fault.removeprefix("read-"))
        if fault.startswith("status:") or fault in {"redirect", "echo"}:
            sock.sendall(self._refusal(fault, request))
            return True
        if request["headers"].get("authorization") != f"Bearer {self.key}":
            sock.sendall(_reply(401, _errors("The provided authorization grant is invalid, expired, or revoked")))
            return True
        if request["method"] == "GET":
            sock.sendall(_reply(200, self._listed(request["path"])))
            return True
        wrong = complaint(body)
        if wrong:
            sock.sendall(_reply(400, _errors(wrong)))
            return True
        number = self._book(json.loads(body))
        if fault.startswith("take-"):
            return self._unsaid(sock, fault.removeprefix("take-"), number)
        return self._said(sock, fault, number)

    def _refusal(self, fault: str, request: dict[str, Any]) -> bytes:
        if fault == "redirect":
            return _reply(302, {}, {"Location": f"{self.url}/v3/elsewhere"})
        if fault == "echo":
            said = f"{request['headers'].get('authorization')} \x1b[31m was wrong \r\n indeed"
            return _reply(400, _errors(said))
        status, *extra = fault.removeprefix("status:").split(";")
        headers = dict(pair.split("=", 1) for pair in extra)
        said = headers.pop("say", "the scripted fault")
        return _reply(int(status), _errors(said), headers)

    def _listed(self, target: str) -> list[dict[str, Any]]:
        path, _, query = target.partition("?")
        asked = dict(pair.split("=") for pair in query.split("&"))
        offset, limit = int(asked["offset"]), min(int(asked["limit"]), self.page)
        return self.lists.get(path.rpartition("/")[2], [])[offset : offset + limit]

    def _book(self, mail: dict[str, Any]) -> str:
        with self._lock:
            number = f"fake-{len(self.books()) + 1}"
            to = mail["personalizations"][0]["to"][0]["email"]
            line = {"message_id": number, "delivery": mail["custom_args"]["delivery"], "to": to, "mail": mail}
            with self.books_path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
        return number

    def _said(self, sock: socket.socket, fault: str, number: str) -> bool:
        reply = _reply(202, None, {"X-Message-Id": number})
        if fault == "accept-chunked":
            head = f"HTTP/1.1 202 Accepted\r\nX-Message-Id: {number}\r\nTransfer-Encoding: chunked\r\n\r\n"
            reply = head.encode() + b"2\r\n{}\r\n0\r\n\r\n"
        elif fault == "accept-continue":
            reply = b"HTTP/1.1 100 Continue\r\n\r\n" + reply
        sock.sendall(reply)
        return fault != "accept-close"

    def _unsaid(self, sock: socket.socket, fault: str, number: str) -> bool:
        whole = _reply(202, {"note": "taken"}, {"X-Message-Id": number})
        parts = {"garbage": b"\x00\xff what is this? HTTP/9\r\n\r\n", "truncate-head": whole[:40]}
        parts["truncate-body"] = whole[:-3]
        for byte in whole * 1000 if fault == "drip" else b"":
            sock.sendall(bytes([byte]))
            time.sleep(0.05)
        if fault not in parts:
            return self._silent(sock, fault)
        sock.sendall(parts[fault])
        return False

    def _silent(self, sock: socket.socket, fault: str) -> bool:
        if fault == "hang":
            self._stopping.wait()
        elif fault == "reset":
            _reset(sock)
        return False


def complaint(body: bytes) -> str:
    """What SendGrid would say against a payload, or nothing; Kith's own promises are held here as well."""
    mail = json.loads(body)
    people = mail.get("personalizations", [])
    kinds = [content["type"] for content in mail.get("content", [])]
    rules = {
        "one personalization with one address": len(people) == 1 and len(people[0].get("to", [])) == 1,
        "nobody in copy": not any(people and people[0].get(key) for key in ("cc", "bcc")),
        "from, subject and content": bool(mail["from"].get("email") and mail.get("subject") and kinds),
        "text/plain first": kinds == sorted(kinds, reverse=True),
        "no reserved header": not RESERVED & {name.lower() for name in mail.get("headers", {})},
        "an address": "@" in (people[0]["to"][0]["email"] if people else ""),
    }
    return "; ".join(rule for rule, kept in rules.items() if not kept)


def _errors(message: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "field": None, "help": None}]}


def _reply(status: int, body: Any, headers: dict[str, str] | None = None) -> bytes:
    data = b"" if body is None else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Scripted", f"Content-Length: {len(data)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def _reset(sock: socket.socket) -> None:
    """Closes with RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(description="A fake SendGrid on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--books", type=Path, required=True)
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--script", default="", help="faults for the first letters, with commas between")
    parser.add_argument("--then", default="accept", help="the fault of every letter after them")
    parser.add_argument("--lists", type=Path, help="a JSON object of suppression lists by name")
    options = parser.parse_args(argv)
    with FakeSendgrid(options.books, key=options.key, port=options.port) as fake:
        fake.script(*filter(None, options.script.split(",")))
        fake.then = options.then
        if options.lists:
            fake.lists = json.loads(options.lists.read_text("utf-8"))
        sys.stdout.write(f"listening on {fake.port}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1:])
