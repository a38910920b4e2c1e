"""A model hub on loopback: lists repositories, serves their files with ranges, and breaks transfers when told to.

It speaks the few calls of the real hub that fetching needs: the listing of a repository at a revision, and HEAD and GET
of `resolve` addresses with the commit, an ETag and a length. Large files carry a SHA-256, small ones a git blob id.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

SMALL_BYTES = 1000  # below, a file is no "large file" and has no SHA-256 in the listing


class Fault(Enum):
    """What goes wrong with one answer."""

    CUT = auto()  # the connection ends in the middle of what was asked for
    CORRUPT = auto()  # a byte is another one
    UNAVAILABLE = auto()  # 503
    EXPIRED = auto()  # 403, as a signed address answers when its time is over
    HANG = auto()  # half of it, then nothing until the double closes


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked for."""

    method: str
    path: str
    range: str | None
    token: str | None


@dataclass(slots=True)
class Repository:
    """Files by commit; the last one is what a client without a revision gets."""

    commits: dict[str, dict[str, bytes]]
    licence: str | None = "apache-2.0"
    refused_with: tuple[int, str] | None = None  # status and X-Error-Code

    @property
    def head(self) -> str:
        return list(self.commits)[-1]


@dataclass(slots=True)
class Double:
    """The state of the hub. `faults` are used up, one an answer with a body; `resumes` False ignores ranges."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    resumes: bool = True
    storage: str | None = None  # another address that large files are redirected to
    url: str = ""
    hanging: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)

    def publish(self, name: str, files: dict[str, bytes], licence: str | None = "apache-2.0") -> str:
        """Put a new commit on a repository; its hash."""
        listed = "".join(f"{path}:{hashlib.sha1(files[path]).hexdigest()}\n" for path in sorted(files))
        commit = hashlib.sha1(f"{name}\n{listed}".encode()).hexdigest()
        known = self.repositories.get(name)
        self.repositories[name] = Repository({**(known.commits if known else {}), commit: files}, licence)
        return commit

    def bodies(self, path: str) -> list[Request]:
        """The requests for the content of a file."""
        return [request for request in self.requests if request.method == "GET" and request.path.endswith(f"/{path}")]


@contextmanager
def serving(double: Double | None = None) -> Iterator[Double]:
    """Serve a hub on a free port of loopback."""
    state = double or Double()
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state})) as server:
        server.daemon_threads = True
        state.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            state.closing.set()
            server.shutdown()
            thread.join()


def git_blob(content: bytes) -> str:
    """The id that git gives a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _sibling(path: str, content: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"rfilename": path, "size": len(content), "blobId": git_blob(content)}
    if len(content) >= SMALL_BYTES:
        digest = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 134}
    return entry


class _Handler(BaseHTTPRequestHandler):
    state: Double
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.state.requests.append(
            Request(self.command, path, self.headers.get("Range"), self.headers.get("Authorization"))
        )
        if path.startswith("/api/models/"):
            self._list(path.removeprefix("/api/models/"))
        else:
            name, _, rest = path.removeprefix("/").partition("/resolve/")
            revision, _, file = rest.partition("/")
            self._file(name, revision, file)

    def _list(self, rest: str) -> None:
        name, _, revision = rest.partition("/revision/")
        repository = self.state.repositories.get(name)
        if repository is None:
            return self._refuse(404, "RepoNotFound")
        if repository.refused_with is not None:
            return self._refuse(*repository.refused_with)
        commit = repository.head if revision in ("", "main") else revision
        if commit not in repository.commits:
            return self._refuse(404, "RevisionNotFound")
        files = repository.commits[commit]
        told = {
            "id": name,
            "sha": commit,
            "siblings": [_sibling(path, content) for path, content in files.items()],
            "cardData": {"license": repository.licence} if repository.licence else {},
        }
        return self._send(200, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def _file(self, name: str, revision: str, path: str) -> None:
        repository = self.state.repositories.get(name)
        content = repository.commits.get(revision, {}).get(path) if repository else None
        if content is None:
            return self._refuse(404, "EntryNotFound")
        headers = {"X-Repo-Commit": revision, "ETag": f'"{git_blob(content)}"', "Accept-Ranges": "bytes"}
        if self.state.storage is not None:
            length = {"X-Linked-Size": str(len(content)), "X-Linked-Etag": headers["ETag"]}
            address = f"{self.state.storage}{self.path}"
            return self._send(302, b"", {**headers, **length, "Location": address})
        if self.command == "HEAD":
            return self._send(200, content, headers)
        fault = self.state.faults[path].pop(0) if self.state.faults.get(path) else None
        if fault is Fault.UNAVAILABLE:
            return self._refuse(503, "Unavailable")
        if fault is Fault.EXPIRED:
            return self._refuse(403, "")
        if fault is Fault.CORRUPT:
            content = bytes([content[0] ^ 1]) + content[1:]
        asked = self.headers.get("Range")
        if asked is None or not self.state.resumes:
            return self._send(200, content, headers, fault)
        begin = int(asked.removeprefix("bytes=").partition("-")[0])
        headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        return self._send(206, content[begin:], headers, fault)

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, b"{}", {"X-Error-Code": code, "X-Error-Message": code})

    def _send(self, status: int, body: bytes, headers: dict[str, str], fault: Fault | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault in (Fault.CUT, Fault.HANG):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            if fault is Fault.HANG:
                self.state.hanging.set()
                self.state.closing.wait()
            self.close_connection = True
            return
        self.wfile.write(body)
