"""A running server, as the command line speaks to it."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from musegraph.cli.entry import UsageError
from musegraph.errors import InvalidWorkflow, MusegraphError, Problem
from musegraph.paths import at_home, data_folder
from musegraph.plan.files import Beside
from musegraph.plan.places import change_values
from musegraph.server.lock import address_in

if TYPE_CHECKING:
    from musegraph.run import Engine
    from musegraph.workflow import Workflow

PATIENCE = 120


class Remote:
    """A server by its address, with the token that it asks for."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self.headers = {"Authorization": f"Bearer {token}", "X-Requested-By": "musegraph"}

    def get(self, path: str) -> Any:
        return json.loads(self.call("GET", path))

    def send(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        answer = self.call(method, path, data, "application/json")
        return json.loads(answer) if answer else None

    def upload(self, name: str, data: bytes) -> dict[str, Any]:
        """Have the server keep a file; what it found it to be."""
        path = f"/api/assets?name={quote(name[:200] or 'upload')}"
        answer: dict[str, Any] = json.loads(
            self.call("POST", path, data, "application/octet-stream")
        )
        return answer

    def call(self, method: str, path: str, data: bytes | None = None, media: str = "") -> bytes:
        headers = {**self.headers, **({"Content-Type": media} if data is not None else {})}
        request = Request(self.url + path, data, headers, method=method)
        try:
            with urlopen(request, timeout=PATIENCE) as answer:
                found: bytes = answer.read()
                return found
        except HTTPError as error:
            raise _said(error) from None
        except (URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            raise MusegraphError(
                f"the server at {self.url} does not answer: {reason}; is 'musegraph serve' running?"
            ) from None

    def events(self, run: str | None = None) -> Iterator[dict[str, Any]]:
        """What happens from now on; ends when the server does."""
        import asyncio
        import queue
        import threading

        found: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

        async def listen() -> None:
            import aiohttp

            path = self.url + "/api/events" + (f"?run={run}" if run else "")
            try:
                async with (
                    aiohttp.ClientSession(headers=self.headers) as session,
                    session.ws_connect(path) as socket,
                ):
                    async for message in socket:
                        told = json.loads(message.data)
                        for event in told.get("events", [{"type": "hello", **told}]):
                            found.put(event)
            except aiohttp.ClientError:
                pass
            finally:
                found.put(None)

        threading.Thread(target=lambda: asyncio.run(listen()), daemon=True).start()
        while (event := found.get()) is not None:
            yield event


def find(args: Namespace) -> Remote:
    """The server that is meant: the one named, or the one that runs here."""
    data = at_home(args.data) if args.data else data_folder()
    url = args.server or os.environ.get("MUSEGRAPH_SERVER") or address_in(data)
    if not url:
        raise MusegraphError(
            "no server runs here; start one with 'musegraph serve', or name one with --server"
        )
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"--server {url}: an address starts with http:// or https://")
    return Remote(url, token(args, data))


def token(args: Namespace, data: Path) -> str:
    """The token of a server: from the variable, the file that was named, or this machine's own."""
    if (named := os.environ.get("MUSEGRAPH_TOKEN")) is not None:
        return named.strip()
    place = at_home(args.token_file) if args.token_file else data / "token"
    try:
        return place.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise MusegraphError(
            f"there is no token in {place}; name its file with --token-file, or set MUSEGRAPH_TOKEN"
        ) from None


def whole_id(remote: Remote, start: str) -> str:
    """The id that starts like this; the first letters of one are enough if no other has them."""
    if len(start) == 32:
        return start
    found = remote.get("/api/queue?limit=1000")["runs"] + remote.get("/api/runs?limit=1000")["runs"]
    ids = {run["id"] for run in found if run["id"].startswith(start)}
    if len(ids) != 1:
        raise UsageError(
            f"there is no run {start!r}" if not ids else f"{len(ids)} runs start with {start!r}"
        )
    return str(ids.pop())


def submission(args: Namespace, remote: Remote) -> dict[str, Any]:
    """A file with the inputs of the arguments as the server takes it; its files are uploaded."""
    from musegraph.cli.loading import open_engine, settle
    from musegraph.workflow import Workflow

    workflow = Workflow.read(args.file)
    with open_engine(args) as engine:
        settled = uploaded(settle(engine, workflow, args), engine, remote)
    return {"workflow": settled.json(), "only": list(args.only)}


def uploaded(workflow: Workflow, engine: Engine, remote: Remote) -> Workflow:
    """The document with every file of it on the server, named by its bytes."""
    beside = Beside(workflow.folder)

    def change(value: Any, type_: Any, node: str | None, port: str) -> Any:
        if not isinstance(value, dict):
            return value
        if value.keys() == {"file"} and isinstance(value["file"], str):
            name = value["file"]
            if why := beside.missing(name):
                raise InvalidWorkflow([Problem(node, port, "file", why)])
            found = remote.upload(Path(name).name, beside.read(name))
            return {key: found[key] for key in ("asset", "name", "media")}
        if isinstance(value.get("asset"), str):
            data = engine.store.get_bytes(value["asset"])
            if data is not None:
                remote.upload(str(value.get("name") or "upload"), data)
        return value

    return change_values(workflow, engine.registry.get, change)


def _said(error: HTTPError) -> MusegraphError:
    """What the server says is wrong, in its own words."""
    try:
        fault = json.loads(error.read())["error"]
        problems = [Problem.of(problem) for problem in fault.get("problems", ())]
        message = str(fault["message"])
    except (ValueError, KeyError, TypeError):
        return MusegraphError(f"the server answered {error.code}")
    return InvalidWorkflow(problems) if problems else MusegraphError(message)
