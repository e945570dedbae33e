"""What is put to the proof, by name: a spec of logproof's own, or one in a file of the user's, at bounds and ablations.

A subject is written `replication` or `path/to/own_spec.py:SPEC`. To load a file is to run it: as with any Python
program, load only files that you trust.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import cast

from checkers.verdict import UserError
from specs.catalogue import find_spec
from specs.instance import FIXED, Instance, at, variants
from specs.language import Ablation, Spec, SpecError


def load_spec(subject: str) -> Spec:
    """The spec that a subject names. Raises UserError: no such spec, file or name in it, or the file can't be run."""
    if ":" not in subject and not subject.endswith(".py"):
        try:
            return find_spec(subject)
        except SpecError as error:
            raise UserError(str(error)) from error
    path, module, name = run_named(subject, "spec", "path/to/own_spec.py:SPEC")
    return _spec_in(module, str(path), name)


def run_named(subject: str, what: str, example: str) -> tuple[Path, ModuleType, str]:
    """The file of a subject like the example, run as a module, and the name in it, which may not be there.

    Raises UserError: there is no such file, or it can't be run.
    """
    path, _, name = subject.rpartition(":")
    if not path or not name.isidentifier():
        raise UserError(f"{subject}: name the {what} in the file, as in {example}")
    return Path(path), _run_file(Path(path), what), name


def _spec_in(module: ModuleType, path: str, name: str) -> Spec:
    specs = [key for key, value in vars(module).items() if isinstance(value, Spec)]
    there = f"the specs in it are {', '.join(specs)}" if specs else "it holds no Spec"
    if not hasattr(module, name):
        raise UserError(f"{path}: has no {name}; {there}")
    found = getattr(module, name)
    if not isinstance(found, Spec):
        raise UserError(f"{path}: {name} is of type {type(found).__name__}, not a Spec; {there}")
    return found


def _run_file(path: Path, what: str) -> ModuleType:
    """Import a file by its path. Its own directory is importable meanwhile, as for a script."""
    if path.suffix != ".py":
        raise UserError(f"{path}: a {what} is read from a Python file, whose name ends in .py")
    if not path.is_file():
        raise UserError(f"{path}: there is no such file")
    name = f"logproof_own_{path.stem}"
    whole = path.resolve()
    loader = importlib.util.spec_from_file_location(name, whole)
    assert loader is not None
    assert loader.loader is not None
    module = importlib.util.module_from_spec(loader)
    sys.modules[name] = module
    directory = str(whole.parent)
    sys.path.insert(0, directory)
    try:
        loader.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise UserError(f"{path}{line_in(path, error)}: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(directory)
    return module


def line_in(path: Path, error: BaseException) -> str:
    """The line of a file at which an error arose, as ", line 7"; empty if it arose elsewhere."""
    path = path.resolve()
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f", line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f", line {lines[-1]}" if lines else ""


def instantiate(spec: Spec, bounds: Mapping[str, int], variant: str = FIXED, ablations: Iterable[str] = ()) -> Instance:
    """A spec at given bounds (the defaults where not given), in a variant, with further ablations switched off.

    Raises UserError, naming it and what there is, for a bound, a variant or an ablation that can't be.
    """
    flags = {a.name: a for a in cast("tuple[Ablation, ...]", spec.ablations)}
    further = sorted(set(ablations))
    for name in further:
        if name not in flags:
            raise UserError(f"{spec.name} has no ablation {name!r}; it has {', '.join(flags) or 'none'}")
    try:
        instance = at(spec, variant, **bounds)
    except SpecError as error:
        raise UserError(str(error)) from error
    if not further:
        return instance
    every = (*instance.variant.ablations, *(cast("bool", flags[name]) for name in further))
    return Instance(spec, instance.bounds, replace(instance.variant, ablations=every))


def further_ablations(instance: Instance) -> tuple[str, ...]:
    """The ablations that are switched off beyond those of the instance's variant, sorted."""
    named = variants(instance.spec).get(instance.variant.name)
    own = {a.name for a in cast("tuple[Ablation, ...]", named.ablations)} if named else set()
    return tuple(sorted(instance.switched_off - own))
