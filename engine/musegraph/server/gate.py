"""The front door: what is asked of a request before anything else looks at it.

A page in the user's browser, a name that was rebound to this machine, a neighbour on the network:
none of them gets past. In this order: one ``Host`` that is ours; an ``Origin`` that is ours if
there is one; Fetch Metadata that says same origin; a token; for what changes something, a media
type that no form can send, and a header that no page elsewhere may set. There is no CORS header.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from musegraph.sentences import told
from musegraph.server.guesses import FREE, Guesses

_LOG = logging.getLogger("musegraph.server")

COOKIE = "musegraph"
REQUESTED_BY = "X-Requested-By"
MEDIA = frozenset({"application/json", "application/octet-stream"})
"""What may be sent to us; none of it can a form send."""

SAFE = frozenset({"GET", "HEAD"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self';"
        " connect-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:;"
        " worker-src 'self' blob:; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none';"
        " form-action 'none'; require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


@dataclass
class Gate:
    """Who may come in. ``open`` are the paths that need no token: the page itself."""

    token: str
    hosts: set[str] = field(default_factory=set)
    origins: set[str] = field(default_factory=set)
    open: frozenset[str] = frozenset({"/", "/healthz"})
    open_below: tuple[str, ...] = ("/static/",)
    guesses: Guesses = field(default_factory=Guesses)

    def let(self, host: str, port: int) -> None:
        """Let requests in that name this host and port."""
        for name in {f"{host}:{port}", *([host] if port in (80, 443) else [])}:
            self.hosts.add(name.lower())
            self.origins |= {f"http://{name}".lower(), f"https://{name}".lower()}

    def let_origin(self, origin: str) -> None:
        """Let in what comes through a proxy that is known under this origin."""
        self.origins.add(origin.lower().rstrip("/"))
        self.hosts.add(origin.lower().rstrip("/").partition("://")[2])

    def refusal(self, request: web.Request) -> tuple[int, str] | None:
        """Why a request is not let in: status and sentence; None if it is."""
        headers = request.headers
        named = headers.getall("Host", [])
        # A target that is no path names a host of its own, which need not be that of the header.
        path = request.raw_path.startswith("/")
        if len(named) != 1 or named[0].lower() not in self.hosts or not path:
            return 421, "this server does not answer to that host"
        origin = headers.getall("Origin", [])
        if len(origin) > 1 or (origin and origin[0].lower() not in self.origins):
            return 403, "requests from other origins are refused"
        site = headers.get("Sec-Fetch-Site", "none").lower()
        if site not in ("same-origin", "none") and not self._opens_page(request):
            return 403, "requests from other sites are refused"
        if self._needs_token(request) and not self._has_token(request):
            return 401, "a token is needed; 'musegraph serve' prints the address that has it"
        if request.method not in SAFE:
            return self._refused_change(request)
        return None

    def _refused_change(self, request: web.Request) -> tuple[int, str] | None:
        if request.headers.get(REQUESTED_BY, "").lower() != "musegraph":
            return 403, f"a change needs the header '{REQUESTED_BY}: musegraph'"
        if request.content_type not in MEDIA and request.body_exists:
            return 415, "send application/json, or application/octet-stream for files"
        if "Content-Encoding" in request.headers:
            return 415, "compressed requests are not taken"
        return None

    def _opens_page(self, request: web.Request) -> bool:
        """Whether somebody followed a link to the page itself."""
        navigates = request.headers.get("Sec-Fetch-Mode") == "navigate"
        return request.method == "GET" and request.path == "/" and navigates

    def _needs_token(self, request: web.Request) -> bool:
        if request.method not in SAFE:
            return True
        path = request.path
        return path not in self.open and not path.startswith(self.open_below)

    def _has_token(self, request: web.Request) -> bool:
        given = _given(request).encode("utf-8", "surrogateescape")
        return hmac.compare_digest(given, self.token.encode())

    async def _slow_down(self, peer: str) -> None:
        """A wrong token was given; the answer to one of many comes late."""
        count, seconds = self.guesses.wrong(peer)
        if count == FREE:
            _LOG.warning("%d wrong tokens came from %s; its next ones have to wait", count, peer)
        await asyncio.sleep(seconds)

    def middleware(self) -> Middleware:
        @web.middleware
        async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
            refused = self.refusal(request)
            if refused is None:
                return await handler(request)
            status, message = refused
            if status == 401 and _given(request):
                await self._slow_down(request.remote or "")
            fault = {"code": _CODES[status], "message": message, **told(message), "problems": []}
            headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
            return web.json_response({"error": fault}, status=status, headers=headers)

        return gate


def _given(request: web.Request) -> str:
    """The token of a request, right or wrong; empty if there is none."""
    kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
    return bearer if kind.lower() == "bearer" else request.cookies.get(COOKIE, "")


_CODES = {401: "unauthorised", 403: "forbidden", 415: "media-type", 421: "host"}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Every answer carries the headers that keep pages in their place."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.pop("Server", None)
