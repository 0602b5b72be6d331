"""Where the results of a batch lie: one name a document that is safe, and files that are whole.

Names mirror the folders and archives that documents came from. They depend on the set of documents
and not on their order, so that the same batch gives the same files again.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\ud800-\udfff]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_MAX_PART_BYTES = 180
_HASH_DIGITS = 8


def result_stems(names: Iterable[str]) -> dict[str, str]:
    """The path of each document's results, below the output folder and without a suffix.

    It is the document's name without its suffix. Where several documents would share that, each of
    them keeps its suffix ("a.pdf", "a.txt"), and where even that is not enough, as for names that
    differ in their case only, each gets a hash of its name.
    """
    level = dict.fromkeys(names, 0)
    while True:
        sharing: dict[str, list[str]] = defaultdict(list)
        stems = {name: _stem(name, level[name]) for name in level}
        for name, stem in stems.items():
            sharing[unicodedata.normalize("NFC", stem).casefold()].append(name)
        clashing = [name for group in sharing.values() if len(group) > 1 for name in group]
        rising = [name for name in clashing if level[name] < 2]
        if not rising:
            return stems
        for name in rising:
            level[name] += 1


def stems_of(name: str) -> tuple[str, ...]:
    """All paths that `result_stems` may give to a document, whatever it is together with."""
    return tuple(_stem(name, level) for level in range(3))


def write_files(contents: Mapping[str, bytes], folder: Path, stem: str) -> list[Path]:
    """Write `<folder>/<stem>.<suffix>` for every suffix; each file is whole or not there.

    Raises:
        OSError: a file could not be written; those before it are.
    """
    paths = []
    for suffix, data in contents.items():
        path = folder / f"{stem}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, data)
        paths.append(path)
    return paths


def _write(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), 0o666 & ~_UMASK)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


_UMASK = _umask()
"""Read once: temporary files are private to their owner, results follow the user's own rule."""


def _stem(name: str, level: int) -> str:
    """The safe path of a document: without its suffix at level 0, with it at 1, and a hash at 2."""
    split = name.replace("\\", "/").split("/")
    parts = [part for part in split if part not in ("", ".", "..")] or ["document"]
    if level == 0:
        parts[-1] = PurePosixPath(parts[-1]).stem
    safe = [_safe(part) for part in parts]
    if level == 2:
        safe[-1] += f"-{_digest(name)}"
    return "/".join(safe)


def _safe(part: str) -> str:
    """One part of a path as a name that every common file system takes."""
    name = _UNSAFE.sub("_", part).strip().rstrip(".") or "_"
    if name.startswith(".") or _RESERVED.fullmatch(name):
        name = f"_{name}"
    if len(name.encode()) <= _MAX_PART_BYTES:
        return name
    cut = name.encode()[: _MAX_PART_BYTES - _HASH_DIGITS - 1].decode(errors="ignore")
    return f"{cut}-{_digest(part)}"


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]
