"""Download pictures from a list of addresses into a folder."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import filelock

from cluster_core.access import Access, Action
from cluster_core.data.editing.inspection import ClassContents, inspect_picture
from cluster_core.data.index import Progress
from cluster_core.data.web.addresses import read_address
from cluster_core.data.web.client import DEFAULT_FETCH_LIMITS, FetchLimits, WebClient
from cluster_core.data.web.record import DownloadRecord
from cluster_core.errors import DatasetError, DownloadError, ImageError
from cluster_core.images import read_bytes
from cluster_core.storage.safe_moves import explaining_disk_errors, move_without_overwriting

N_AT_ONCE = 4
# How often progress is reported, and the download can be stopped, while no server answers.
HEARTBEAT_S = 0.5
# Hidden sub-folder for the record, the lock and unfinished files.
STATE_FOLDER = ".downloads"


@dataclass(frozen=True)
class FailedAddress:
    """An address whose picture could not be downloaded.

    Attributes
    ----------
    address : str
        As listed by the user.
    reason : str
        What went wrong, as a sentence.
    """

    address: str
    reason: str


@dataclass(frozen=True)
class DownloadReport:
    """The outcome of downloading a list of addresses.

    Attributes
    ----------
    added : tuple of Path
        The new pictures.
    skipped : tuple of str
        Addresses whose picture was already in the folder.
    failed : tuple of FailedAddress
        Addresses whose picture could not be downloaded.
    """

    added: tuple[Path, ...]
    skipped: tuple[str, ...]
    failed: tuple[FailedAddress, ...]


def download_pictures(
    access: Access,
    addresses: Sequence[str],
    folder: Path,
    on_progress: Progress | None = None,
    *,
    limits: FetchLimits = DEFAULT_FETCH_LIMITS,
) -> DownloadReport:
    """Download the picture at each address, a few at a time.

    Parameters
    ----------
    access : Access
    addresses : sequence of str
        Addresses of the pictures; see `cluster_core.data.web.addresses.parse_addresses`.
    folder : Path
        Where to store them, for example a class of a dataset. Created if missing.
    on_progress : callable, optional
        Called with (addresses done, addresses in total) at least twice a second. It may
        raise to stop; pictures added so far stay, and are skipped the next time.
    limits : FetchLimits
        Limits of size and time for each picture.

    Returns
    -------
    DownloadReport
        What happened to each address. A failure does not stop the others.

    Raises
    ------
    DatasetError
        The folder cannot be written to, or another download into it is running.
    AccessError
        This server does not allow it.
    """
    access.require(Action.DOWNLOAD)
    added: list[Path] = []
    skipped: list[str] = []
    failed: list[FailedAddress] = []
    unique = tuple(dict.fromkeys(addresses))
    with _reserving(folder) as drafts:
        store = _PictureStore(folder)
        new: list[str] = []
        for address in unique:
            (skipped if address in store.record else new).append(address)
        with closing(_fetch_all(new, drafts, limits)) as fetched:
            for download in fetched:
                if download is not None:
                    match store.add(download):
                        case FailedAddress() as failure:
                            failed.append(failure)
                        case Path() as picture:
                            added.append(picture)
                        case None:
                            skipped.append(download.address)
                if on_progress:
                    on_progress(len(added) + len(skipped) + len(failed), len(unique))
    return DownloadReport(tuple(added), tuple(skipped), tuple(failed))


@dataclass(frozen=True)
class _Download:
    """A downloaded file that has not been checked yet, or the reason why there is none."""

    address: str
    file_name: str
    draft: Path
    problem: str | None


class _PictureStore:
    """Moves downloaded files into a folder if they are pictures, and new to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contents = ClassContents(folder)
        self.record = DownloadRecord(folder / STATE_FOLDER / "record.jsonl", folder)

    def add(self, download: _Download) -> Path | FailedAddress | None:
        """Return the stored picture, the reason of a failure, or None for a duplicate."""
        if download.problem:
            return FailedAddress(download.address, download.problem)
        try:
            data = read_bytes(download.draft, name=download.file_name)
            picture = inspect_picture(download.file_name, data)
        except ImageError as error:
            download.draft.unlink(missing_ok=True)
            return FailedAddress(download.address, str(error))
        with explaining_disk_errors(f"{picture.file_name} could not be stored", self._folder):
            same = self._contents.find_same(picture)
            if same is not None:
                download.draft.unlink(missing_ok=True)
                self.record.add(download.address, same)
                return None
            target = self._folder / picture.file_name
            path = move_without_overwriting(download.draft, target)
            self._contents.add(picture, path)
            self.record.add(download.address, path)
        return path


@contextmanager
def _reserving(folder: Path) -> Iterator[Path]:
    """Lock `folder` against other downloads, and yield a sub-folder for unfinished files."""
    state_folder = folder / STATE_FOLDER
    drafts = state_folder / "drafts"
    what = f"Pictures could not be downloaded to {folder}"
    with explaining_disk_errors(what, folder):
        state_folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(state_folder / "lock", blocking=False)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise DatasetError(
                f"{what}, because another download into this folder is running: wait until it is "
                "finished.",
                path=folder,
            ) from error
    try:
        with explaining_disk_errors(what, folder):
            shutil.rmtree(drafts, ignore_errors=True)  # left behind by a killed download
            drafts.mkdir()
        yield drafts
    finally:
        shutil.rmtree(drafts, ignore_errors=True)
        lock.release()


def _fetch_all(
    addresses: Iterable[str], drafts: Path, limits: FetchLimits
) -> Generator[_Download | None, None, None]:
    """Yield downloads as they finish, and None as a heartbeat while none does."""
    remaining = enumerate(addresses)
    waiting: set[Future[_Download]] = set()
    client = WebClient(limits)
    pool = ThreadPoolExecutor(N_AT_ONCE, thread_name_prefix="downloads")
    try:
        while True:
            for number, address in itertools.islice(remaining, 2 * N_AT_ONCE - len(waiting)):
                waiting.add(pool.submit(_fetch, client, address, drafts / str(number)))
            if not waiting:
                return
            done, waiting = wait(waiting, HEARTBEAT_S, FIRST_COMPLETED)
            yield from (future.result() for future in done)
            if not done:
                yield None
    finally:
        client.close()
        pool.shutdown(wait=True, cancel_futures=True)


def _fetch(client: WebClient, address: str, draft: Path) -> _Download:
    file_name, problem = "", None
    try:
        parsed = read_address(address)
        file_name = parsed.file_name
        client.fetch(parsed, draft)
    except DownloadError as error:
        problem = str(error)
    return _Download(address, file_name, draft, problem)
