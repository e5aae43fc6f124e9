"""Previews the house in a browser: the site, every letter, and what is wrong, anew at each save."""

from __future__ import annotations

import base64
import gc
import hashlib
import html
import json
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.errors import KithError, Problems
from pipeline.links import Links
from pipeline.opened import Opened
from pipeline.preview import preview
from pipeline.regular import read_regular
from pipeline.report import counted
from pipeline.saves import saves

LETTERS = "/letters-preview/"
GALLERY = "/letters-gallery/"
_EVENTS = "/kith-events"
_LOCAL = {"localhost", "127.0.0.1", "[::1]"}
SCRIPT = """<script>
(() => {
  const box = document.createElement('pre');
  box.setAttribute('role', 'alert');
  box.style.cssText = 'position:fixed;inset:auto 0 0 0;max-height:45vh;overflow:auto;margin:0;padding:1rem 1.25rem;' +
    'background:#7f1d1d;color:#fff;font:14px/1.5 ui-monospace,monospace;white-space:pre-wrap;z-index:9999';
  const show = (text) => { box.textContent = text; text ? document.body.append(box) : box.remove(); };
  const mine = location.pathname.startsWith('/letters-') ? 'letters' : 'build';
  let seen = null;
  new EventSource('/kith-events').onmessage = (event) => {
    const state = JSON.parse(event.data);
    show(state.problem);
    if (seen !== null && seen !== state[mine]) location.reload();
    seen = state[mine];
  };
})();
</script>"""

_CODE = SCRIPT.removeprefix("<script>").removesuffix("</script>").encode()
RELOAD = f"'sha256-{base64.b64encode(hashlib.sha256(_CODE).digest()).decode('ascii')}'"
"""The reload script as a Content-Security-Policy names it: by its hash, so that nothing else may run."""

_POLICY = re.compile(rb"""(<meta http-equiv="Content-Security-Policy" content=")([^"]*)""", re.IGNORECASE)


def allowing_reload(policy: str) -> str:
    """A page's Content-Security-Policy with leave for the reload script, and for the events that it hears of.

    Source: https://www.w3.org/TR/CSP3/ (a directive that is not there falls back to ``default-src``).
    """
    rules = {name.lower(): rest.split() for name, _, rest in (one.strip().partition(" ") for one in policy.split(";"))}
    rules.pop("", None)
    for name, source in (("script-src", RELOAD), ("connect-src", "'self'")):
        allowed = rules.get(name, rules.get("default-src"))
        # A hash beside 'unsafe-inline' would stop every other script of the page.
        if allowed is not None and source not in allowed and not (source == RELOAD and "'unsafe-inline'" in allowed):
            rules[name] = [*(one for one in allowed if one != "'none'"), source]
    return "; ".join(" ".join((name, *sources)) for name, sources in rules.items())


class Studio:
    """Builds the house and tells every open page when there is something new.

    ``rooms`` are served beside the site: the beginning of an address → a folder of the build.
    """

    rooms: Mapping[str, str] = {LETTERS: "letters", GALLERY: "gallery"}

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str],
        clock: Callable[[], datetime],
        say: Callable[[str], None],
        *,
        drafts: bool = False,
    ) -> None:
        self.root, self.environ, self.clock, self.say = root, environ, clock, say
        self.folder, self.drafts = root / "build" / "preview", drafts
        self.builds, self.letters, self.problem, self.base = 0, 0, "", "/"
        self._listeners: set[queue.Queue[str]] = set()
        self._lock = threading.Lock()

    def build(self) -> None:
        """Builds once; what is wrong is kept to be shown, and the last good build stays."""
        started, before = time.monotonic(), self.builds
        try:
            with _unhindered():
                base, said = self.make()
        except Problems as error:
            self.problem = "\n".join(str(problem) for problem in error.problems)
        except (KithError, OSError) as error:
            self.problem = str(error)
        else:
            self.problem = ""
            self.base = base
            self.letters += 1
            self.builds = before + 1
            self.say(f"{said} · {time.monotonic() - started:.1f} s")
        if self.problem:
            self.say(self.problem)
        self.tell()

    def make(self) -> tuple[str, str]:
        """Builds once; where the site begins, and what to say of it. The site is shown before there are letters."""
        opened, _, built = preview(
            self.root, self.environ, self.clock(), self.folder, drafts=self.drafts, shown=self._shown
        )
        changed = built.web.pages_changed if built.web else 0
        return Links.of(
            opened.house.settings
        ).base, f"{counted(changed, 'page')} changed, {counted(built.letters, 'letter')}"

    def _shown(self, opened: Opened) -> None:
        """Tells the pages of the site that it is there, while letters are still to be made."""
        self.problem, self.base = "", Links.of(opened.house.settings).base
        self.builds += 1
        self.tell()

    def state(self) -> str:
        """What a page must know."""
        return json.dumps({"build": self.builds, "letters": self.letters, "problem": self.problem})

    def tell(self) -> None:
        """Tells every open page."""
        with self._lock:
            for listener in self._listeners:
                listener.put(self.state())

    def listen(self) -> queue.Queue[str]:
        """A queue on which a page hears."""
        listener: queue.Queue[str] = queue.Queue()
        listener.put(self.state())
        with self._lock:
            self._listeners.add(listener)
        return listener

    def leave(self, listener: queue.Queue[str]) -> None:
        """Forgets a page."""
        with self._lock:
            self._listeners.discard(listener)


@contextmanager
def _unhindered() -> Iterator[None]:
    """Leaves the search for garbage until there is time: it goes through everything that was ever read."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Handler(SimpleHTTPRequestHandler):
    """Answers on this machine only; the reload script is added to pages on their way, never to files."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".xml": "application/xml", ".opml": "text/x-opml"}
    """As hosts do it, whatever this machine's own tables say: a feed is styled only as `application/xml`."""

    def __init__(self, *arguments: object, studio: Studio, **more: object) -> None:
        self.studio = studio
        super().__init__(*arguments, **more)  # type: ignore[arg-type]  # the base class's own signature is untyped

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the name is the base class's
        """Keeps the terminal for what matters."""

    def do_GET(self) -> None:
        """A page, a letter, or the stream of events."""
        if (self.headers.get("Host") or "").rsplit(":", 1)[0] not in _LOCAL:
            self.send_error(HTTPStatus.FORBIDDEN, "This preview is for this machine only")
        elif self.path == _EVENTS and self.command == "GET":
            self._events()
        else:
            self._page()

    def do_HEAD(self) -> None:
        """The same answers without their bodies."""
        self.do_GET()

    def _page(self) -> None:
        path = unquote(urlsplit(self.path).path)
        folder, rest = self._place(path)
        if rest is None:
            self._answer(HTTPStatus.FOUND, b"", "text/plain", location=self.studio.base)
            return
        found = _resolved(folder, rest.lstrip("/"))
        if found is None:
            self._missing(folder)
            return
        if found.is_dir():
            if not path.endswith("/"):
                self._answer(HTTPStatus.FOUND, b"", "text/plain", location=f"/{self.path.lstrip('/')}/")
                return
            found /= "index.html"
        if not found.is_relative_to(folder.resolve()) or not found.is_file():
            self._missing(folder)
            return
        kind = self.guess_type(str(found))
        try:
            data = read_regular(found)
        except OSError:  # another build took it away meanwhile
            self._missing(folder)
            return
        self._answer(HTTPStatus.OK, self._lively(data) if kind == "text/html" else data, kind)

    def _place(self, path: str) -> tuple[Path, str | None]:
        build = self.studio.folder
        for room, folder in self.studio.rooms.items():
            if path.startswith(room):
                return build / folder, path.removeprefix(room)
        if path.startswith(self.studio.base):
            return build / "site", path.removeprefix(self.studio.base)
        return build / "site", None

    def _missing(self, folder: Path) -> None:
        page = folder / "404.html"
        if page.is_file():
            data = page.read_bytes()
        elif self.studio.problem:
            shown = html.escape(self.studio.problem)
            data = f"<!doctype html><meta charset=utf-8><title>Problems</title><body><pre>{shown}</pre></body>".encode()
        else:
            text = "There is nothing here yet." if folder.name == "site" else "No letter goes now: see `kith plan`."
            data = f"<!doctype html><meta charset=utf-8><title>Kith</title><body><p>{text}</p></body>".encode()
        self._answer(HTTPStatus.NOT_FOUND, self._lively(data), "text/html")

    def _lively(self, data: bytes) -> bytes:
        widened = _POLICY.sub(lambda rule: rule[1] + allowing_reload(rule[2].decode()).encode(), data)
        head, end, tail = widened.rpartition(b"</body>")
        return head + SCRIPT.encode() + end + tail

    def _answer(self, status: HTTPStatus, data: bytes, kind: str, location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        if location:
            self.send_header("Location", location)
        self.end_headers()
        with suppress(ConnectionError):  # whoever asked may have gone on already
            self.wfile.write(b"" if self.command == "HEAD" else data)

    def _events(self) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        listener = self.studio.listen()
        try:
            while True:
                try:
                    message = f"data: {listener.get(timeout=15)}\n\n"
                except queue.Empty:
                    message = ": still here\n\n"
                self.wfile.write(message.encode())
                self.wfile.flush()
        except OSError:
            self.studio.leave(listener)


def _resolved(folder: Path, address: str) -> Path | None:
    """Where an address leads; None for one that no file can have: with a NUL in it, too long, or a link to itself."""
    try:
        found = (folder / address).resolve()
        found.stat()
    except FileNotFoundError:
        return found
    except (OSError, ValueError, RuntimeError):
        return None
    return found


def server(studio: Studio, port: int) -> ThreadingHTTPServer:
    """The server, bound to this machine alone; port 0 takes any. Raises `KithError` when the port is taken."""
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, studio=studio))
    except OSError as error:
        raise KithError(f"port {port}: {error.strerror}. Choose another with --port.") from None


def serve(
    root: Path,
    environ: Mapping[str, str],
    clock: Callable[[], datetime],
    port: int,
    say: Callable[[str], None],
    *,
    open_browser: bool,
    drafts: bool = False,
) -> None:
    """Serves until Ctrl-C, and builds again whenever a file of the house is saved."""
    studio = Studio(root, environ, clock, say, drafts=drafts)
    show(studio, port, {"Site": "", "Letters": LETTERS, "Gallery": GALLERY}, open_browser=open_browser)


def show(studio: Studio, port: int, places: Mapping[str, str], *, open_browser: bool) -> None:
    """Serves what a studio builds until Ctrl-C; ``places`` are said: a word → an address, or nothing for the site."""
    with server(studio, port) as running:
        studio.build()
        address = f"http://localhost:{running.server_address[1]}"
        for word, path in places.items():
            studio.say(f"{word:<10}{address}{path or studio.base}")
        studio.say("Ctrl-C stops.")
        threading.Thread(target=running.serve_forever, daemon=True).start()
        if open_browser:
            _open(address + (next(iter(places.values())) or studio.base))
        for _ in saves(studio.root):
            studio.build()
        running.shutdown()


def _open(address: str) -> None:
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
