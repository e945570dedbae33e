"""Compiling a spec: generate its module, keep it and its machine code on disk by content, load it.

The cache lies in `$LOGPROOF_CACHE`, or the user's cache folder, or, where neither can be written, a temporary folder. A
module's folder is named by a digest of its own text, of this package's sources and of the versions of Python and numba,
so nothing in it is ever stale.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from stat import S_ISDIR
from types import ModuleType
from typing import Any

import llvmlite
import numba
import numpy as np

from checkers.atomic_file import write_whole
from checkers.explore import bits, runtime
from checkers.explore.bits import CHUNK_BYTES
from checkers.explore.generate import AFTER, BLANK, Generator, Options
from checkers.verdict import UserError
from specs.instance import Instance
from specs.shape import Scalar, Shape, Struct, Vector

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class CompiledSpec:
    """A spec at given bounds as machine code; serves every variant that has the same actions."""

    instance: Instance
    generator: Generator
    module: ModuleType

    @property
    def expand(self) -> Callable[..., int]:
        """See Generator.expand."""
        return self.module.expand  # type: ignore[no-any-return]

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """The unpacked state."""
        return padded(dtype_of(self.instance.struct, self.generator.storage_bits))

    def workspace(self) -> tuple[Any, ...]:
        """What one task needs besides its output: records to work on, and scratch words."""
        states = np.zeros(AFTER + self.generator.successors_max() + 1, self.dtype)
        fill(states[BLANK], self.instance.struct)
        uppers = [
            np.zeros(4, padded(dtype_of(u.instance.struct, self.generator.storage_bits))) for u in self.generator.uppers
        ]
        for source, records in zip(self.generator.uppers, uppers, strict=True):
            fill(records[3], source.instance.struct)
        scratch = np.zeros(self.generator.scratch_size(), np.uint64)
        return (states, tuple(uppers), scratch) if uppers else (states, scratch)


def dtype_of(shape: Shape, bits: int) -> np.dtype[Any]:
    """The numpy type of an unpacked value: every scalar a signed integer of `bits` bits, nothing padded."""
    if isinstance(shape, Scalar):
        return np.dtype(f"i{bits // 8}")
    if isinstance(shape, Vector):
        return np.dtype((dtype_of(shape.element, bits), (shape.length,)))
    return np.dtype([(name, dtype_of(inner, bits)) for name, inner in shape.fields])


def padded(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The same with room after the last field, so that a chunk that begins anywhere in it can be read whole."""
    fields = dtype.fields
    assert fields is not None
    return np.dtype(
        {
            "names": list(fields),
            "formats": [field[0] for field in fields.values()],
            "offsets": [field[1] for field in fields.values()],
            "itemsize": -(-(dtype.itemsize + CHUNK_BYTES - 1) // CHUNK_BYTES) * CHUNK_BYTES,
        }
    )


def fill(record: Any, struct: Struct) -> None:  # noqa: ANN401 - a numpy record
    """Set every field, also those of a bag's blank slot, to its default."""
    for name, inner in struct.fields:
        if isinstance(inner, Scalar):
            record[name] = inner.default()
        elif isinstance(inner, Struct):
            fill(record[name], inner)
        else:
            fill_items(record[name], inner)


def fill_items(items: Any, vector: Vector) -> None:  # noqa: ANN401 - a numpy array
    """Set every element to its default."""
    for index in range(vector.length):
        if isinstance(vector.element, Scalar):
            items[index] = vector.element.default()
        elif isinstance(vector.element, Struct):
            fill(items[index], vector.element)
        else:
            fill_items(items[index], vector.element)


def compile_spec(instance: Instance, options: Options) -> CompiledSpec:
    """The compiled form, from the cache if its text was compiled before on this machine.

    One that this process has already loaded with refinements serves searches that check none.
    """
    with_refinements = Form(instance, replace(options, refinements=True))
    form = with_refinements if with_refinements in _loaded else Form(instance, options)
    generator, name, text = generated(form)
    _loaded.add(form)
    return CompiledSpec(instance, generator, load(name, text))


class Form:
    """What the text of a module depends on: instances that differ in ablations alone have the same form."""

    def __init__(self, instance: Instance, options: Options) -> None:
        self.instance, self.options = instance, options
        actions = tuple(action.source for action in instance.actions)
        self._key = (id(instance.spec), tuple(instance.bounds.items()), actions, options)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Form) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


_loaded: set[Form] = set()
"""The forms that this process has loaded."""


@lru_cache(maxsize=16)
def generated(form: Form) -> tuple[Generator, str, str]:
    """The source of a module, and its name, which holds the digest of the source and the tools."""
    generator = Generator(form.instance, form.options)
    text = generator.source()
    return generator, named(form.instance.spec.name, text), text


def named(prefix: str, text: str) -> str:
    """The name of a module of that source, compiled by these tools."""
    return f"{prefix}_{hashlib.sha256(f'{text}{toolchain()}'.encode()).hexdigest()[:24]}"


def remembered(instance: Instance, options: Options, key: str, answer: Callable[[], str]) -> str:
    """What `answer` says of a spec that would compile to the same module; kept in the module's folder."""
    path = cache_folder() / generated(Form(instance, options))[1] / key
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, answer().encode())
    return path.read_text(encoding="utf-8")


def toolchain() -> str:
    """Everything else that machine code depends on."""
    source = "".join(inspect.getsource(module) for module in (bits, runtime))
    versions = (sys.version, platform.machine(), numba.__version__, llvmlite.__version__, np.__version__)
    return f"{versions}{source}"


def cache_folder() -> Path:
    """Where compiled specs are kept."""
    chosen = os.environ.get("LOGPROOF_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for folder in [Path(chosen)] if chosen else [home / "logproof"]:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    folder = Path(tempfile.gettempdir()) / f"logproof-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise UserError(
            f"{folder}: belongs to others or can be written by them, so code kept there can't be trusted: "
            "set LOGPROOF_CACHE to a folder of your own"
        )
    return folder


def load(name: str, text: str) -> ModuleType:
    """Import a generated module, writing it first if it is new."""
    folder = cache_folder() / name
    path = folder / "compiled.py"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".new", delete=False, encoding="utf-8") as file:
            file.write(text)
        Path(file.name).replace(path)
    location = importlib.util.spec_from_file_location(name, path)
    assert location is not None
    assert location.loader is not None
    module = importlib.util.module_from_spec(location)
    sys.modules[name] = module  # numba looks the module up when it loads machine code
    location.loader.exec_module(module)
    return module
