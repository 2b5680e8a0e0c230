"""A copy of the model in which one text differs: the rest of it is the shipped source, byte for byte."""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from attrs import field, frozen

from solvent.errors import InputError

PACKAGE = "solvent"
_COPY = "solvent-copy"


@frozen
class Edit:
    """A change of the source of one module.

    Attributes:
        module: the module, without the package's name, such as ``rules.perp``.
        old: text that stands in it exactly once.
        new: what stands there in the copy.
    """

    module: str
    old: str
    new: str

    @property
    def file(self) -> Path:
        """The module's file."""
        found = find_spec(f"{PACKAGE}.{self.module}")
        if found is None or found.origin is None:
            raise InputError(self.module, "", "no such module", "a module of the model")
        return Path(found.origin)

    @property
    def source(self) -> str:
        """The module's source as it is."""
        return self.file.read_text(encoding="utf-8")

    def applied(self) -> str:
        """The module's source with the change.

        Raises:
            InputError: the text does not stand in the module exactly once.
        """
        source = self.source
        if source.count(self.old) != 1:
            found = f"{source.count(self.old)} times {self.old!r}"
            raise InputError(str(self.file), "", found, "this text exactly once")
        return source.replace(self.old, self.new)


_CODES: dict[str, CodeType] = {}
"""The code of modules that no edit changes, compiled once."""


@frozen
class _Copies(MetaPathFinder, Loader):
    """Finds and loads the modules of one copy."""

    name: str
    edits: Mapping[str, str]
    files: dict[str, Path] = field(factory=dict)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: object = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname != self.name and not fullname.startswith(f"{self.name}."):
            return None
        original = find_spec(PACKAGE + fullname.removeprefix(self.name))
        if original is None or original.origin is None:
            return None
        self.files[fullname] = Path(original.origin)
        package = original.submodule_search_locations is not None
        return ModuleSpec(fullname, self, origin=original.origin, is_package=package)

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__.removeprefix(self.name).removeprefix(".")
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}
        module.__file__ = str(self.files[module.__name__])
        exec(self._code(name, self.files[module.__name__]), module.__dict__)  # noqa: S102 - the model's own source

    def _code(self, name: str, file: Path) -> CodeType:
        if name in self.edits:
            return compile(self.edits[name], f"{file} ({self.name})", "exec")
        if name not in _CODES:
            _CODES[name] = compile(file.read_text(encoding="utf-8"), str(file), "exec")
        return _CODES[name]

    def _import(self, name: str, *given: Any) -> Any:
        """Import as the copy does: what is of the package comes from the copy."""
        if name == PACKAGE or name.startswith(f"{PACKAGE}."):
            name = self.name + name.removeprefix(PACKAGE)
        return builtins.__import__(name, *given)


_FINDERS: dict[str, _Copies] = {}
"""The finders of the copies, by the names under which these are imported."""


def copy(name: str, edits: Sequence[Edit]) -> Any:
    """The function that imports modules of a copy of the model with these edits, at most one of each module.

    A name stands for one copy as long as the process runs.

    Raises:
        InputError: an edit does not fit the source, two are of one module, or the name stands for another copy.
    """
    alias = f"{_COPY}-{name}"
    changed = {edit.module: edit.applied() for edit in edits}
    if len(changed) != len(edits):
        raise InputError(name, "edits", f"{len(edits)} of {', '.join(changed)}", "one of each module at most")
    known = _FINDERS.setdefault(alias, _Copies(alias, changed))
    if known.edits != changed:
        raise InputError(name, "edits", "others than those of the copy that has the name", "the same")
    if known not in sys.meta_path:
        sys.meta_path.insert(0, known)
    return lambda module: importlib.import_module(f"{alias}.{module}")
