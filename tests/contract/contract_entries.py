"""The entries of specification.toml, and how each is looked for in the package.

An entry is present, or absent (``Absent`` is raised), or there in another shape than specified (AssertionError). What this is not: a test
of behaviour, which the flows are.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from zope.interface.interface import InterfaceClass, Method
from zope.interface.verify import verifyClass

from blinkq.base.catalogue import CATALOGUE

__all__ = ["Absent", "Entry", "Specified", "entries", "read_specification"]

#: Where the modules that the specification names are in this package.
ROOMS = {
    "application.notification": "blinkq.base.notification",
    "msrplib.protocol": "blinkq.msrp.protocol",
    "sipsimple": "blinkq.sipsimple",
}

#: Parameters that callers may leave out here although the specification demands them, each with its reason.
WIDENED = {
    ("AudioStream.__init__()", "account"): "scripts for later versions of the SDK make streams without an account; the session has one",
    ("ChatStream.__init__()", "account"): "the same",
    ("FileTransferStream.__init__()", "account"): "the same",
    ("DesktopSharingStream.__init__()", "account"): "the same",
    ("DesktopSharingStream.__init__()", "handler"): "IMediaStream makes streams for an account alone",
    ("ChatStream.send_composing_indication()", "refresh"): "the period is the peer's default then (RFC 3994 §3.3)",
}

KEYS = {
    "name", "module", "also", "kind", "singleton", "bases", "implements", "methods", "classmethods", "class_attributes", "attributes",
    "writable", "shared", "waitable", "states", "any_sender", "notifications",
}  # fmt: skip

_REQUIRED = inspect.Parameter.empty

Parameters = list[tuple[str, Any]]  # name, default or _REQUIRED


class Absent(Exception):
    """The package does not have it."""


@dataclass(frozen=True)
class Entry:
    """One thing that the specification names; ``check(objects)`` raises Absent, or AssertionError where it differs."""

    id: str
    check: Callable[[Mapping[str, object]], None]


class Specified:
    """A class of the specification."""

    def __init__(self, table: dict[str, Any]) -> None:
        unknown = set(table) - KEYS
        assert not unknown, f"specification.toml: {table.get('name')} has unknown {unknown}"
        self.table = table
        self.name: str = table["name"]

    def names(self, key: str) -> list[str]:
        found: list[str] = self.table.get(key, [])
        return found

    def find(self) -> Any:
        """The class itself, or what stands for it; raises Absent."""
        return find(f"{self.table['module']}.{self.name}")

    def owner(self) -> Any:
        """The class or interface that has the methods: of a singleton that stands for its class, the class of that."""
        found = self.find()
        return found if isinstance(found, type | InterfaceClass) else type(found)


def read_specification(path: Path) -> list[Specified]:
    with path.open("rb") as file:
        return [Specified(table) for table in tomllib.load(file)["class"]]


def entries(cls: Specified) -> Iterator[Entry]:
    """Everything that the specification says about one class, an entry each."""

    def entry(id: str, check: Callable[..., None], *arguments: Any) -> Entry:
        return Entry(id, functools.partial(check, cls, *arguments))

    name = cls.name
    yield entry(f"from {cls.table['module']} import {name}", _check_kind)
    if cls.table.get("singleton"):
        yield entry(f"{name} is a singleton", _check_singleton)
    for key, pattern, check in (
        ("also", "from {} import NAME", _check_alias),
        ("bases", "NAME is a {}", _check_base),
        ("implements", "NAME implements {}", _check_implements),
        ("methods", "NAME.{}()", _check_method),
        ("classmethods", "NAME.{}()", _check_classmethod),
        ("waitable", "NAME.{}().wait()", _check_waitable),
        ("class_attributes", "NAME.{}", _check_class_attribute),
        ("attributes", "NAME.{}", _check_attribute),
        ("writable", "NAME.{} = ...", _check_writable),
        ("states", "NAME.state == '{}'", _check_state),
    ):
        for text in cls.names(key):
            yield entry(pattern.replace("NAME", name).format(text.partition("(")[0]), check, text)
    for notification, fields in cls.table.get("notifications", {}).items():
        yield entry(f"{name} posts {notification}", _check_notification, notification, fields)


def find(path: str) -> Any:
    """The object with this path in the specification; raises Absent."""
    module, _, name = path.rpartition(".")
    if not module:
        return {"str": str}[name]
    for root, room in ROOMS.items():
        if module == root or module.startswith(root + "."):
            ours = room + module.removeprefix(root)
            break
    else:
        raise AssertionError(f"specification.toml: nobody knows where {module} is")
    try:
        found = importlib.import_module(ours)
    except ModuleNotFoundError as error:
        if error.name is None or not ours.startswith(error.name):
            raise
        raise Absent(f"there is no module {ours}") from None
    try:
        return getattr(found, name)
    except AttributeError:
        raise Absent(f"{ours} has no {name}") from None


# classes -----------------------------------------------------------------------------------------------------------------------


def _check_kind(cls: Specified, _objects: Mapping[str, object]) -> None:
    found = cls.find()
    match cls.table.get("kind", "class"):
        case "interface":
            assert isinstance(found, InterfaceClass), f"{cls.name} is no interface"
        case "metaclass":
            assert isinstance(found, type), f"{cls.name} is no class"
            assert issubclass(found, type), f"{cls.name} is no metaclass"
        case _:
            assert callable(found), f"{cls.name} cannot be called"


def _check_alias(cls: Specified, module: str, _objects: Mapping[str, object]) -> None:
    assert find(f"{module}.{cls.name}") is cls.find(), f"{module} has another {cls.name}"


def _check_singleton(cls: Specified, _objects: Mapping[str, object]) -> None:
    found = cls.find()
    assert found() is found(), f"{cls.name}() gives another object each time"


def _check_base(cls: Specified, base: str, _objects: Mapping[str, object]) -> None:
    assert issubclass(cls.owner(), find(base)), f"{cls.name} is no {base}"


def _check_implements(cls: Specified, interface: str, _objects: Mapping[str, object]) -> None:
    wanted, owner = find(interface), cls.owner()
    assert wanted.implementedBy(owner), f"{cls.name} does not say that it implements {interface}"
    verifyClass(wanted, owner)


# methods -----------------------------------------------------------------------------------------------------------------------


def _check_method(cls: Specified, text: str, _objects: Mapping[str, object]) -> None:
    _compare(cls, text, is_classmethod=False)


def _check_classmethod(cls: Specified, text: str, _objects: Mapping[str, object]) -> None:
    _compare(cls, text, is_classmethod=True)


def _compare(cls: Specified, text: str, *, is_classmethod: bool) -> None:
    name, wanted = _parse(text)
    actual = _parameters(cls.owner(), name, is_classmethod)
    here = f"{cls.name}.{name}()"
    assert len(actual) >= len(wanted), f"{here} takes {[known for known, _ in actual]}, not {text}"
    for (parameter, default), (known, known_default) in zip(wanted, actual, strict=False):
        assert parameter in ("_", known), f"{here} calls its parameter {known}, not {parameter}"
        if (here, parameter) in WIDENED:
            assert default is _REQUIRED, f"{here}: {parameter} is no wider than specified"
            assert known_default is not _REQUIRED, f"{here}: {parameter} is no wider than specified"
            continue
        assert (type(known_default), known_default) == (type(default), default) or _same_number(default, known_default), (
            f"{here}: the default of {parameter} is {known_default!r}, not {default!r}"
        )
    for known, known_default in actual[len(wanted) :]:
        assert known_default is not _REQUIRED, f"{here} demands {known}, which is not specified"


def _same_number(one: object, other: object) -> bool:
    return type(one) in (int, float) and type(other) in (int, float) and one == other


def _parse(text: str) -> tuple[str, Parameters]:
    """``name(a, b=1)`` as name and parameters."""
    definition = ast.parse(f"def {text}: ...").body[0]
    assert isinstance(definition, ast.FunctionDef)
    names = [argument.arg for argument in definition.args.args]
    defaults = [ast.literal_eval(default) for default in definition.args.defaults]
    return definition.name, list(zip(names, [_REQUIRED] * (len(names) - len(defaults)) + defaults, strict=True))


def _parameters(owner: Any, name: str, is_classmethod: bool) -> Parameters:
    """Of a method of ours, without self."""
    if isinstance(owner, InterfaceClass):
        method = owner.get(name)
        if method is None:
            raise Absent(f"{owner.__name__} has no {name}")
        assert isinstance(method, Method), f"{owner.__name__}.{name} is no method"
        known = method.getSignatureInfo()
        return [(parameter, known["optional"].get(parameter, _REQUIRED)) for parameter in known["positional"]]
    member = _static(owner, name)
    if name == "__init__" and member is object.__init__:
        return []
    assert isinstance(member, classmethod) == is_classmethod, f"whether {owner.__name__}.{name} is a class method"
    function = member.__func__ if isinstance(member, classmethod) else member
    assert inspect.isfunction(function), f"{owner.__name__}.{name} is no method"
    _self, *parameters = inspect.signature(function).parameters.values()
    assert all(known.kind is not known.POSITIONAL_ONLY for known in parameters), f"{owner.__name__}.{name} takes no keywords"
    return [(known.name, known.default) for known in parameters if known.kind not in (known.VAR_POSITIONAL, known.VAR_KEYWORD)]


def _check_waitable(cls: Specified, method: str, _objects: Mapping[str, object]) -> None:
    result = get_type_hints(_static(cls.owner(), method))["return"]
    result = result.__origin__ if get_args(result) else result
    assert [default for _, default in _parameters(result, "wait", False) if default is _REQUIRED] == [], "wait() takes no arguments"


# attributes --------------------------------------------------------------------------------------------------------------------


def _check_class_attribute(cls: Specified, attribute: str, _objects: Mapping[str, object]) -> None:
    found = _static(cls.owner(), attribute)
    assert not isinstance(found, property), f"{cls.name}.{attribute} is not readable on the class"


def _check_attribute(cls: Specified, attribute: str, objects: Mapping[str, object]) -> None:
    found = _on_object(cls, attribute, objects)
    assert not inspect.isfunction(found), f"{cls.name}.{attribute} is a method"
    if cls.table.get("shared"):
        owner = cls.owner()
        heir = type(owner)("Heir", (owner,), {})
        assert getattr(heir, attribute) is getattr(owner, attribute), f"{cls.name}.{attribute} is not the same on a subclass"


def _check_writable(cls: Specified, attribute: str, objects: Mapping[str, object]) -> None:
    found = _on_object(cls, attribute, objects)
    if isinstance(found, property):
        assert found.fset is not None, f"{cls.name}.{attribute} cannot be set"
    else:
        assert not hasattr(found, "__get__") or hasattr(found, "__set__"), f"{cls.name}.{attribute} cannot be set"


def _on_object(cls: Specified, attribute: str, objects: Mapping[str, object]) -> Any:
    """What the attribute of an object is, without asking properties for their value."""
    owner = cls.owner()
    if isinstance(owner, InterfaceClass):
        if attribute not in owner:
            raise Absent(f"{cls.name} has no {attribute}")
        return owner[attribute]
    holder = objects.get(cls.name, owner)
    *groups, name = attribute.split(".")
    for group in groups:
        _static(holder, group)
        holder = getattr(holder, group)
    return _static(holder, name)


def _static(holder: Any, name: str) -> Any:
    if isinstance(holder, InterfaceClass):
        return holder.get(name) or _missing(holder, name)
    try:
        return inspect.getattr_static(holder, name)
    except AttributeError:
        return _missing(holder, name)


def _missing(holder: Any, name: str) -> Any:
    raise Absent(f"{getattr(holder, '__name__', type(holder).__name__)} has no {name}")


def _check_state(cls: Specified, state: str, _objects: Mapping[str, object]) -> None:
    states = importlib.import_module(f"{cls.owner().__module__.rpartition('.')[0]}.states").SessionState
    if not any(known.value == state for known in states):
        raise Absent(f"{states.__name__} has no {state}")


# notifications -----------------------------------------------------------------------------------------------------------------


def _check_notification(cls: Specified, name: str, fields: list[str], _objects: Mapping[str, object]) -> None:
    owner = cls.owner()
    declaration = CATALOGUE.get(name)
    if declaration is None:
        raise Absent(f"{name} is not in the catalogue")
    senders = {cls.name}
    if isinstance(owner, type):
        senders |= {base.__name__ for base in inspect.getmro(owner)}
    senders |= {path.rpartition(".")[2] for path in cls.names("implements")}
    if not cls.table.get("any_sender") and senders.isdisjoint(re.findall(r"\w+", declaration.sender)):
        raise Absent(f"{name} is posted by {declaration.sender} only")
    always = {field for field in fields if not field.endswith("?")}
    sometimes = {field.removesuffix("?") for field in fields} - always
    assert always <= declaration.required, f"{name} may lack {sorted(always - declaration.required)}"
    lacking = sometimes - declaration.required - declaration.optional
    assert not lacking, f"{name} never has {sorted(lacking)}"
