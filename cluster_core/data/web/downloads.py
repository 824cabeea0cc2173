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

from cluster_core.access import Action, require
from cluster_core.data.editing.inspection import ClassContents, inspect_picture
from cluster_core.data.index import Progress
from cluster_core.data.web.addresses import read_address
from cluster_core.data.web.client import DEFAULT_FETCH_LIMITS, FetchLimits, WebClient
from cluster_core.data.web.record import DownloadRecord
from cluster_core.errors import DatasetError, DownloadError, ImageError
from cluster_core.images import read_bytes
from cluster_core.storage.safe_moves import explaining_disk_errors, move_without_overwriting

N_AT_ONCE = 4
# Whoever waits gets to stop the download, even while no server answers.
HEARTBEAT_S = 0.5
# In the folder of the pictures, hidden: the record, the lock, and files that are not whole yet.
PLACE = ".downloads"


@dataclass(frozen=True)
class FailedAddress:
    """An address from which no picture could be had.

    Attributes
    ----------
    address : str
        As it was given.
    reason : str
        Why, in a sentence.
    """

    address: str
    reason: str


@dataclass(frozen=True)
class DownloadReport:
    """What became of a list of addresses.

    Attributes
    ----------
    added : tuple of Path
        The new pictures.
    skipped : tuple of str
        Addresses whose picture was in the folder already.
    failed : tuple of FailedAddress
        Addresses from which no picture could be had.
    """

    added: tuple[Path, ...]
    skipped: tuple[str, ...]
    failed: tuple[FailedAddress, ...]


def download_pictures(
    addresses: Sequence[str],
    folder: Path,
    on_progress: Progress | None = None,
    *,
    limits: FetchLimits = DEFAULT_FETCH_LIMITS,
) -> DownloadReport:
    """Download the picture at each address, a few at a time.

    Parameters
    ----------
    addresses : sequence of str
        Where the pictures are; see `cluster_core.data.web.addresses.parse_addresses`.
    folder : Path
        Where they go, for example a class of a dataset. Made when missing.
    on_progress : callable, optional
        Told (addresses done, addresses in all) now and then. It may raise to stop; what was
        added until then stays, and is skipped the next time.
    limits : FetchLimits
        What a server may take of this computer's time and disk.

    Raises
    ------
    DatasetError
        The folder cannot be written, or another download into it is going on.
    AccessError
        This server does not allow it.
    """
    require(Action.DOWNLOAD)
    added: list[Path] = []
    skipped: list[str] = []
    failed: list[FailedAddress] = []
    unique = tuple(dict.fromkeys(addresses))
    with _reserving(folder) as drafts:
        intake = _Intake(folder)
        new: list[str] = []
        for address in unique:
            (skipped if address in intake.record else new).append(address)
        with closing(_fetch_all(new, drafts, limits)) as fetched:
            for download in fetched:
                if download is not None:
                    match intake.take(download):
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
    """What a thread brought: a file that is looked at next, or why there is none."""

    address: str
    file_name: str
    draft: Path
    problem: str | None


class _Intake:
    """Puts downloaded files in their folder, if they are pictures and new there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contents = ClassContents(folder)
        self.record = DownloadRecord(folder / PLACE / "record.jsonl", folder)

    def take(self, download: _Download) -> Path | FailedAddress | None:
        """Return where a picture is now, why there is none, or None if it was there already."""
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
            place = move_without_overwriting(download.draft, target)
            self._contents.add(picture, place)
            self.record.add(download.address, place)
        return place


@contextmanager
def _reserving(folder: Path) -> Iterator[Path]:
    """Make a folder for what is not whole yet, which no other download uses or clears away."""
    place = folder / PLACE
    drafts = place / "drafts"
    what = f"Pictures could not be downloaded to {folder}"
    with explaining_disk_errors(what, folder):
        place.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(place / "lock", blocking=False)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise DatasetError(
                f"{what}, because another download into it is going on: wait for its end.",
                path=folder,
            ) from error
    try:
        with explaining_disk_errors(what, folder):
            shutil.rmtree(drafts, ignore_errors=True)  # left by one that was killed
            drafts.mkdir()
        yield drafts
    finally:
        shutil.rmtree(drafts, ignore_errors=True)
        lock.release()


def _fetch_all(
    addresses: Iterable[str], drafts: Path, limits: FetchLimits
) -> Generator[_Download | None, None, None]:
    """Yield what was fetched, in the order of arrival; None when for a while nothing was."""
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
        found = read_address(address)
        file_name = found.file_name
        client.fetch(found, draft)
    except DownloadError as error:
        problem = str(error)
    return _Download(address, file_name, draft, problem)
