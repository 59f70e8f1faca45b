"""A small hub on the loopback, which speaks as much of the Hugging Face hub as is needed."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

LARGE = (".safetensors", ".gguf", ".bin", ".ckpt", ".pt")
"""What the hub keeps apart from git and gives from another host."""


@dataclass
class Repo:
    """A repository: its files at each commit, and what its branches stand at."""

    commits: dict[str, dict[str, bytes]]
    branches: dict[str, str]
    card: dict[str, Any] | None = None
    gated: str | bool = False
    token: str = ""
    """Who has it may fetch; empty if everybody may."""
    promised: dict[str, bytes] = field(default_factory=dict)
    """By path: the bytes that the listing describes, where they are not those that come."""

    def add(self, files: dict[str, bytes], branch: str = "main") -> str:
        """A new commit on a branch."""
        said = repr((sorted(files.items()), len(self.commits), branch)).encode()
        commit = hashlib.sha1(said, usedforsecurity=False).hexdigest()
        self.commits[commit] = files
        self.branches[branch] = commit
        return commit

    def at(self, revision: str) -> str | None:
        commit = self.branches.get(revision, revision)
        return commit if commit in self.commits else None


@dataclass
class Call:
    """A request, and how many bytes of a file were sent for it."""

    method: str
    path: str
    start: int
    token: str
    host: str
    sent: int = 0


class FakeHub:
    """Repositories behind two servers: the hub itself, and the one that large files come from."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.calls: list[Call] = []
        self.cut: dict[str, int] = {}
        """By path: after so many bytes the connection is cut, once."""
        self.stall: dict[str, int] = {}
        """By path: after so many bytes nothing comes any more, until ``go`` is set."""
        self.go = threading.Event()
        self.broken = 0
        """An HTTP status with which everything is answered, if it is set."""
        self.servers = [self._serve("hub"), self._serve("store")]

    def _serve(self, host: str) -> ThreadingHTTPServer:
        hub = self

        class Handler(_Handler):
            fake, name = hub, host

        server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def url(self, host: int = 0) -> str:
        return f"http://127.0.0.1:{self.servers[host].server_port}"

    def close(self) -> None:
        self.go.set()
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def repo(self, name: str, files: dict[str, bytes], **more: Any) -> Repo:
        made = self.repos[name] = Repo({}, {}, **more)
        made.add(files)
        return made

    def sent(self, path: str = "") -> int:
        """Bytes of a file, or of all, that went out."""
        return sum(call.sent for call in self.calls if not path or call.path.endswith(path))


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    hub = FakeHub()
    try:
        yield hub
    finally:
        hub.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that has gone is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeHub
    name: str

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        begin = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0]
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        call = Call(self.command, path, int(begin), token, self.name)
        self.fake.calls.append(call)
        if self.fake.broken:
            self._error(self.fake.broken, "")
        elif self.name == "store":
            repo, commit, file = path.strip("/").split("|")
            self._file(call, self.fake.repos[repo].commits[commit][file], file, "")
        elif path.startswith("/api/models/"):
            self._api(path.removeprefix("/api/models/"))
        else:
            self._resolve(path.strip("/"), call)

    def _error(self, status: int, code: str) -> None:
        self._send(status, b"", {"X-Error-Code": code} if code else {})

    def _api(self, path: str) -> None:
        owner, name, *rest = path.split("/")
        id = f"{owner}/{name}"
        repo = self.fake.repos.get(id)
        if repo is None:
            return self._error(404, "RepoNotFound")
        commit = repo.at(rest[1] if rest else "main")
        if commit is None:
            return self._error(404, "RevisionNotFound")
        blobs = "blobs" in parse_qs(urlsplit(self.path).query)
        listed = [
            {"rfilename": path} | (_facts(repo.promised.get(path, data), path) if blobs else {})
            for path, data in repo.commits[commit].items()
        ]
        facts = {"id": id, "sha": commit, "siblings": listed, "gated": repo.gated}
        if repo.card is not None:
            facts["cardData"] = repo.card
        return self._send(200, json.dumps(facts).encode(), {"Content-Type": "application/json"})

    def _resolve(self, path: str, call: Call) -> None:
        before, _, after = path.partition("/resolve/")
        revision, _, file = after.partition("/")
        repo = self.fake.repos.get(before)
        commit = repo.at(revision) if repo else None
        if repo is None or commit is None:
            return self._error(404, "RepoNotFound")
        if repo.token and call.token != repo.token:
            return self._error(403, "GatedRepo")
        if file not in repo.commits[commit]:
            return self._error(404, "EntryNotFound")
        data = repo.commits[commit][file]
        if file.endswith(LARGE):
            sha256 = hashlib.sha256(data).hexdigest()
            there = f"{self.fake.url(1)}/{before.replace('/', '%2F')}|{commit}|{file}"
            return self._send(
                302,
                b"",
                {
                    "Location": there,
                    "X-Repo-Commit": commit,
                    "X-Linked-Etag": f'"{sha256}"',
                    "X-Linked-Size": str(len(data)),
                },
            )
        return self._file(call, data, file, commit)

    def _file(self, call: Call, data: bytes, path: str, commit: str) -> None:
        headers = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "Accept-Ranges": "bytes"}
        if commit:
            headers["X-Repo-Commit"] = commit
        status, body = 200, data
        if call.start:
            status, body = 206, data[call.start :]
            headers["Content-Range"] = f"bytes {call.start}-{len(data) - 1}/{len(data)}"
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = self.fake.cut.pop(path, None)
        stall = self.fake.stall.get(path)
        first = body[: cut if cut is not None else stall]
        try:
            self.wfile.write(first)
            self.wfile.flush()
            call.sent += len(first)
            if cut is not None:
                self.close_connection = True
                return
            if stall is not None:
                self.fake.go.wait(60)
                self.wfile.write(body[stall:])
                call.sent += len(body) - len(first)
        except OSError:  # the other side has gone
            self.close_connection = True

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _facts(data: bytes, path: str) -> dict[str, Any]:
    git = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    made: dict[str, Any] = {"size": len(data), "blobId": git}
    if path.endswith(LARGE):
        sha256 = hashlib.sha256(data).hexdigest()
        made["lfs"] = {"sha256": sha256, "size": len(data), "pointerSize": 130}
    return made
