"""The model hub: what a repository holds at a commit, and its files, resumed where a transfer broke off.

The hub library's own downloads start again after a kill (each process writes a file of its own), which at 12 GB a file
is a night lost. So its parts are used: it resolves addresses, tokens, mirrors (HF_ENDPOINT) and transient failures; the
file in progress is ours. It is named after the content that it will have, so that two versions never mix, and every
byte goes through the checksum on its way to the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast
from urllib.parse import urlsplit

from engines import errors
from engines.weights import disk, lock

if TYPE_CHECKING:
    from huggingface_hub.hf_api import RepoSibling

CHUNK_BYTES = 2**20
ATTEMPTS = 4  # in a row without a new byte; the hub library tries several times within each
PAUSE_S = 2.0
ANSWER_WITHIN_S = 30.0
LOCKED_IS_GONE = f"the commit in {lock.NAME} is gone; delete that file to take the repository as it is now"
PINNED_IS_GONE = "the commit that this version pins is gone; a newer version may pin another"
OnBytes = Callable[[int], None]  # bytes that came; negative where a transfer began anew


@dataclass(frozen=True, slots=True)
class Remote:
    """A file of a repository. Large files carry a SHA-256, small ones the id of a git blob."""

    path: str
    bytes: int
    sha256: str | None = None
    git_blob: str | None = None

    @property
    def identity(self) -> str:
        return (self.sha256 or self.git_blob or "unknown")[:16]


@dataclass(frozen=True, slots=True)
class Listing:
    """A repository at one commit."""

    repository: str
    commit: str
    licence: str | None
    files: Mapping[str, Remote]


class Hub:
    """A hub; without an endpoint the one that the hub library is set to."""

    def __init__(self, endpoint: str | None = None, pause_s: float = PAUSE_S) -> None:
        self._endpoint = endpoint
        self._pause_s = pause_s

    def listing(self, repository: str, commit: str | None = None, gone: str = LOCKED_IS_GONE) -> Listing:
        """What a repository holds at a commit, or now. Raises DownloadFailed, saying `gone` where no such commit is."""
        import huggingface_hub

        with _explained(f"{repository} cannot be listed", gone):
            api = huggingface_hub.HfApi(endpoint=self._endpoint)
            info = api.model_info(repository, revision=commit, files_metadata=True, timeout=ANSWER_WITHIN_S)
        if info.sha is None or info.siblings is None:
            raise errors.DownloadFailed(f"{repository} cannot be listed: the hub's answer is not complete")
        if commit is not None and info.sha != commit:
            raise errors.DownloadFailed(
                f"{repository} is refused: the hub was asked for commit {commit[:12]} and answers with {info.sha[:12]}"
            )
        files = {file.rfilename: _remote(file) for file in info.siblings}
        if outside := [path for path in files if path.startswith("/") or ".." in path.split("/")]:
            raise errors.DownloadFailed(f"{repository} is refused: {outside[0]!r} leads out of the folder of weights")
        return Listing(repository, info.sha, getattr(info.card_data, "license", None), files)

    def fetch(self, source: Listing, remote: Remote, target: Path, on_bytes: OnBytes = lambda _: None) -> str:
        """Bring a file to its place; its SHA-256. Goes on where an earlier call broke off.

        Raises DownloadFailed when the hub or the network fails, or when the content is twice not what the hub says;
        NoRoom when the disk is full. What came until then stays for the next call, unless it was not the content.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.{remote.identity}.partial")
        with _explained(f"{source.repository}/{remote.path} cannot be fetched"):
            for _ in range(2):
                sha256 = self._complete(source, remote, partial, on_bytes)
                if sha256 is not None:
                    disk.place(partial, target)
                    return sha256
                partial.unlink()
        raise errors.DownloadFailed(
            f"{source.repository}/{remote.path} came twice, and neither time was what the hub says it is: "
            "a proxy or a mirror in between changes it"
        )

    def _complete(self, source: Listing, remote: Remote, partial: Path, on_bytes: OnBytes) -> str | None:
        """Fill the partial file; its SHA-256, or None if the content is not the one that the hub named."""
        partial.touch()
        with partial.open("r+b") as file:
            tested = _Tested(file, remote, on_bytes)
            tested.take_up()
            attempts = 0
            while tested.position < remote.bytes:
                before = tested.position
                try:
                    self._stream(source, remote, tested)
                except Exception as error:
                    attempts = 1 if tested.position > before else attempts + 1
                    if attempts >= ATTEMPTS or not _is_transient(error):
                        raise
                    time.sleep(self._pause_s)
            file.flush()
            os.fsync(file.fileno())
        if tested.is_whole():
            return tested.sha256()
        on_bytes(-tested.position)
        return None

    def _stream(self, source: Listing, remote: Remote, into: _Tested) -> None:
        import huggingface_hub
        from huggingface_hub import file_download
        from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined] # exported without saying so
        from huggingface_hub.utils.tqdm import silent_tqdm

        url = huggingface_hub.hf_hub_url(
            source.repository, remote.path, revision=source.commit, endpoint=self._endpoint
        )
        told = huggingface_hub.get_hf_file_metadata(url, timeout=ANSWER_WITHIN_S, endpoint=self._endpoint)
        headers = build_hf_headers()
        if _origin(told.location) != _origin(url):  # a storage host with a signed address: the token is not for it
            headers.pop("authorization", None)
        file_download.http_get(
            told.location,
            cast("BinaryIO", into),
            resume_size=into.position,
            headers=headers,
            expected_size=remote.bytes,
            tqdm_class=silent_tqdm,  # our own bar shows the bytes
        )


class _Tested:
    """A binary file that hashes what is written to it. The hub library empties it where a server cannot resume."""

    def __init__(self, file: IO[bytes], remote: Remote, on_bytes: OnBytes) -> None:
        self._file = file
        self._remote = remote
        self._on_bytes = on_bytes
        self.position = 0
        self._begin()

    def _begin(self) -> None:
        self._sha256 = hashlib.sha256()
        self._blob = hashlib.sha1(f"blob {self._remote.bytes}\0".encode(), usedforsecurity=False)

    def take_up(self) -> None:
        """Hash what an earlier process left; more than the content is nothing of it."""
        if os.fstat(self._file.fileno()).st_size > self._remote.bytes:
            self._file.truncate(0)
        while chunk := self._file.read(CHUNK_BYTES):
            self._hash(chunk)

    def write(self, chunk: bytes) -> int:
        self._file.write(chunk)
        self._hash(chunk)
        return len(chunk)

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if offset != 0 or whence != os.SEEK_SET:
            raise io.UnsupportedOperation("a transfer goes on or begins anew")
        self._on_bytes(-self.position)
        self.position = 0
        self._begin()
        return self._file.seek(0)

    def truncate(self, size: int | None = None) -> int:
        return self._file.truncate(self.position if size is None else size)

    def is_whole(self) -> bool:
        """Whether the content is the one that the hub named."""
        if self._remote.sha256 is not None:
            return self._remote.sha256 == self.sha256()
        if self._remote.git_blob is not None:
            return self._remote.git_blob == self._blob.hexdigest()
        return self.position == self._remote.bytes

    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def _hash(self, chunk: bytes) -> None:
        self._sha256.update(chunk)
        self._blob.update(chunk)
        self.position += len(chunk)
        self._on_bytes(len(chunk))


@contextlib.contextmanager
def _explained(failed: str, gone: str = LOCKED_IS_GONE) -> Iterator[None]:
    """Turns what the hub library and the disk raise into errors that say what to do."""
    import httpx2
    from huggingface_hub import errors as told

    try:
        yield
    except told.OfflineModeIsEnabled as error:
        raise errors.DownloadFailed(f"{failed}: the hub library is in offline mode; unset HF_HUB_OFFLINE") from error
    except told.GatedRepoError as error:
        raise errors.DownloadFailed(
            f"{failed}: its owner wants you to accept terms on its page first; then log in with `hf auth login`"
        ) from error
    except told.RepositoryNotFoundError as error:
        raise errors.DownloadFailed(
            f"{failed}: the hub does not know this repository, or not for you (HTTP {_status(error)}); "
            "if it is private, log in with `hf auth login` or set HF_TOKEN"
        ) from error
    except told.RevisionNotFoundError as error:
        raise errors.DownloadFailed(f"{failed}: {gone}") from error
    except told.RemoteEntryNotFoundError as error:
        raise errors.DownloadFailed(f"{failed}: the hub does not have this file") from error
    except told.HfHubHTTPError as error:
        hint = "log in with `hf auth login` or set HF_TOKEN" if _status(error) in (401, 403) else "try again later"
        raise errors.DownloadFailed(f"{failed}: the hub answers HTTP {_status(error)}; {hint}") from error
    except (httpx2.HTTPError, told.FileMetadataError) as error:
        raise errors.DownloadFailed(
            f"{failed}: the hub cannot be reached or broke off ({type(error).__name__}); check the network or a proxy, "
            "and run the same command again: it goes on where it stopped"
        ) from error
    except OSError as error:
        raise disk.failure(error, failed) from error


def _is_transient(error: Exception) -> bool:
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError):
        # a signed address of a storage host expires during a long transfer, with 403: it is asked for anew
        return _status(error) >= 500 or _status(error) in (403, 429)
    # the hub library's complaint about a file that ended early has no error number
    return isinstance(error, httpx2.TransportError) or (isinstance(error, OSError) and error.errno is None)


def _status(error: Exception) -> int:
    return int(getattr(getattr(error, "response", None), "status_code", 0))


def _remote(file: RepoSibling) -> Remote:
    sha256 = file.lfs.sha256 if file.lfs is not None else None
    return Remote(file.rfilename, file.size or 0, sha256, file.blob_id if sha256 is None else None)


def _origin(url: str) -> tuple[str, str]:
    split = urlsplit(url)
    return split.scheme, split.netloc
