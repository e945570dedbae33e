"""A system of the user's own, from a Python file: `path/to/own.py:MyBroker`, a class without arguments or a system.

To load a file is to run it: as with any Python program, load only files that you trust.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from checkers.subjects import line_in, run_named
from checkers.verdict import UserError
from systems.system import System

EXAMPLE = "path/to/own.py:MyBroker"
MEMBERS = (*System.__annotations__, *(name for name in vars(System) if name[0] != "_"))
"""What a system has."""


def is_named_in_a_file(subject: str) -> bool:
    """Whether a subject is one of a file, and not a system that is known by name."""
    return ":" in subject or subject.endswith(".py")


def load_system(subject: str) -> tuple[Path, System]:
    """The file and the system that a subject names. Raises UserError, with the line if its code fails."""
    path, module, name = run_named(subject, "system", EXAMPLE)
    if not hasattr(module, name):
        own = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
        raise UserError(f"{path}: has no {name}; what it defines is {', '.join(own) or 'nothing'}")
    found = getattr(module, name)
    if isinstance(found, type) or (callable(found) and lacking(found)):
        with errors_in(path):
            try:
                found = found()
            except TypeError as error:
                raise UserError(f"{path}: {name}() can't be made: {error}") from error
    if missing := lacking(found):
        raise UserError(f"{path}: {name} is no system, it lacks {', '.join(missing)}; see systems.system.System")
    return path, cast("System", found)


def lacking(system: object) -> list[str]:
    """What of a system an object doesn't have."""
    return [name for name in MEMBERS if not hasattr(system, name)]


@contextmanager
def errors_in(path: Path) -> Iterator[None]:
    """Tell errors that pass through code of a file with the line in it, as UserError."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        line = line_in(path, error)
        if not line:
            raise
        raise UserError(f"{path}{line}: {type(error).__name__}: {error}") from error
