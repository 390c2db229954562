"""Setting: one named, typed value of a settings object, with its default and one line of prose.

What a setting can be of: any type whose instances can be written with ``str(value)`` and read with ``type(text)``, or with the class method
``type.from_description(text)`` where there is one; types with ``__getstate__`` and ``__setstate__`` that give and take their stored form;
bool; and subclasses of ``datatypes.List``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast, overload

from blinkq.sipsimple.configuration.backend import Value
from blinkq.sipsimple.configuration.errors import InvalidSettingError
from blinkq.sipsimple.configuration.manager import DefaultValue

__all__ = ["KEPT", "CorrelatedSetting", "ModifiedValue", "RuntimeSetting", "Setting", "to_stored"]

T = TypeVar("T")

_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})

#: one lock for all values: they change rarely, and a save must see an object's values as of one moment
_lock = threading.RLock()


#: how the doc of a setting begins that scripts and settings files of the SDK have, but that BlinkQ does not act on; the reason follows
KEPT = "kept for compatibility: "


class ModifiedValue:
    """What a setting was and what it is now."""

    __slots__ = ("new", "old")

    def __init__(self, old: object, new: object) -> None:
        self.old = old
        self.new = new

    def __eq__(self, other: object) -> bool:
        return (self.old, self.new) == (other.old, other.new) if isinstance(other, ModifiedValue) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # values need not be hashable

    def __repr__(self) -> str:
        return f"ModifiedValue(old={self.old!r}, new={self.new!r})"


class _State:
    """The value of one setting of one object: as it is, and as it was when last saved."""

    __slots__ = ("dirty", "saved", "value")

    def __init__(self) -> None:
        self.value: Any = DefaultValue
        self.saved: Any = DefaultValue
        self.dirty = False


class Setting(Generic[T]):
    """Descriptor of one setting.

    :param type: what the values are of; other values are converted with ``type(value)`` (ValueError when that fails)
    :param default: the value as long as nothing is set
    :param nillable: whether None is a value
    :param doc: one line for the manual, the preferences and the command line

    Assigning DefaultValue goes back to the default. Changes are in force at once and stored by the object's ``save()``.
    Raises TypeError when there is no default and None is not allowed.
    """

    persistent = True

    def __init__(self, type: Callable[..., T], default: T | None = None, nillable: bool = False, doc: str = "") -> None:
        if default is None and not nillable:
            raise TypeError("a setting that cannot be None needs a default")
        self.type: Any = type
        self.default = default
        self.nillable = nillable
        self.doc = doc
        self.name = ""

    def __set_name__(self, owner: object, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, container: None, owner: Any) -> Setting[T]: ...
    @overload
    def __get__(self, container: object, owner: Any) -> T: ...
    def __get__(self, container: object, owner: Any) -> Setting[T] | T:
        if container is None:
            return self
        return self._resolve(self._state(container).value)

    def __set__(self, container: object, value: T | type[DefaultValue]) -> None:
        checked = self._checked(container, value, self.check)
        with _lock:
            state = self._state(container)
            state.value = checked
            state.dirty = state.value is not state.saved and (
                DefaultValue in (state.value, state.saved) or bool(state.value != state.saved)
            )

    def check(self, value: object) -> Any:
        """``value`` as it would be stored; raises ValueError when it is not allowed."""
        if value is DefaultValue:
            return value
        if value is None:
            if not self.nillable:
                raise ValueError("something is wanted here")
            return None
        if self.type is bool:
            return _parse_bool(value)
        if isinstance(value, self.type):
            return value
        if isinstance(value, str) and hasattr(self.type, "from_description"):
            return self.check(self.type.from_description(value))
        return self.type(value)

    def get_modified(self, container: object) -> ModifiedValue | None:
        """What changed since the last call, or None; what is set now counts as saved from here on."""
        with _lock:
            state = self._state(container)
            if not state.dirty:
                return None
            modified = ModifiedValue(old=self._resolve(state.saved), new=self._resolve(state.value))
            state.saved, state.dirty = state.value, False
            return modified

    def get_old(self, container: object) -> T:
        """The value as last saved."""
        return self._resolve(self._state(container).saved)

    def undo(self, container: object) -> None:
        """Forget the change made since the last save."""
        with _lock:
            state = self._state(container)
            state.value, state.dirty = state.saved, False

    @property
    def is_kept(self) -> bool:
        """Whether the setting is only kept for compatibility, and has no effect."""
        return self.doc.startswith(KEPT)

    def isset(self, container: object) -> bool:
        """Whether something is set."""
        return not self.is_default(container)

    def isdirty(self, container: object) -> bool:
        """Whether it was changed since the last save."""
        return self._state(container).dirty

    def clear_dirty(self, container: object) -> None:
        """Let what is set count as saved."""
        self.get_modified(container)

    def is_default(self, container: object) -> bool:
        """Whether nothing is set."""
        return self._state(container).value is DefaultValue

    def serialize(self, container: object) -> Value | type[DefaultValue]:
        """The stored form of the value: text, a list of texts, None, or DefaultValue."""
        value = self._state(container).value
        return value if value is DefaultValue else to_stored(value)

    def restore(self, container: object, stored: Value) -> None:
        """Take the stored form; raises ValueError when it is not allowed."""
        value = self._checked(container, stored, self.parse)
        with _lock:
            state = self._state(container)
            state.value = state.saved = value
            state.dirty = False

    def parse(self, stored: Value) -> Any:
        """The value of a stored form (or of the text that a person typed); raises ValueError when it is not allowed."""
        if isinstance(stored, dict):
            raise ValueError("this is a value, not a group")
        if stored is None:
            return self.check(None)
        if _is_stateful(self.type):
            value = self.type.__new__(self.type)
            value.__setstate__(stored)
            return value
        if getattr(self.type, "is_list", False):
            items = [item for item in (part.strip() for part in stored.split(",")) if item] if isinstance(stored, str) else stored
            return self.type(items)
        if isinstance(stored, list):
            raise ValueError("one value is wanted, not a list")
        return self.check(stored)

    def _checked(self, container: object, value: Any, check: Callable[[Any], Any]) -> Any:
        """``value`` through ``check``; whatever that says names the setting, and where it is."""
        try:
            return check(value)
        except InvalidSettingError:
            raise
        except (TypeError, ValueError) as error:
            raise InvalidSettingError(f"{container.__dict__.get('_path', '')}{self.name}", value, str(error)) from error

    def _resolve(self, value: Any) -> T:
        return cast(T, self.default if value is DefaultValue else value)

    def _state(self, container: object) -> _State:
        states: dict[str, _State] = container.__dict__.setdefault("_states", {})
        try:
            return states[self.name]
        except KeyError:
            return states.setdefault(self.name, _State())


class CorrelatedSetting(Setting[T]):
    """A setting that must fit another one of the same group.

    :param sibling: the other's name
    :param validator: called with the new value and the sibling's present one; raises ValueError when they do not fit
    """

    def __init__(
        self, type: Callable[..., T], sibling: str, validator: Callable[[T, Any], None], default: T | None = None,
        nillable: bool = False, doc: str = "",
    ) -> None:  # fmt: skip
        super().__init__(type, default, nillable, doc)
        self.sibling = sibling
        self.validator = validator

    def _checked(self, container: object, value: Any, check: Callable[[Any], Any]) -> Any:
        def fits(given: Any) -> Any:
            checked = check(given)
            self.validator(self._resolve(checked), getattr(container, self.sibling))
            return checked

        with _lock:
            return super()._checked(container, value, fits)


class RuntimeSetting(Setting[T]):
    """A setting that is never stored: it starts with its default in each process."""

    persistent = False


def to_stored(value: object) -> Value:
    """The stored form of a value."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if _is_stateful(type(value)):
        return value.__getstate__()  # type: ignore[return-value]  # text or a list of texts, as the type was written for
    if getattr(value, "is_list", False):
        return [str(item) for item in value]  # type: ignore[attr-defined]  # is_list marks datatypes.List
    return str(value)


def _is_stateful(type: Any) -> bool:
    """Whether a type knows its own stored form, as types of SDK applications do."""
    return hasattr(type, "__setstate__") and not hasattr(type, "from_description")


def _parse_bool(value: object) -> bool:
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.lower() in _TRUE:
        return True
    if isinstance(value, str) and value.lower() in _FALSE:
        return False
    raise ValueError(f"true or false is wanted, not {value!r}")
