"""Elements as dataclasses: the fields of a class say which attribute, text or child they are, and in which order children stand.

Reading is lenient: what is unknown is skipped, an optional value that makes no sense is taken as absent, a required one is a
ValidationError. Writing is strict: a wrong value is a BuilderError that names it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar

from lxml import etree

from blinkq.payloads.errors import BuilderError, ValidationError
from blinkq.payloads.kinds import STRING, Kind
from blinkq.payloads.xml import XML_LANG, Node, dump, load

__all__ = [
    "Binding", "Element", "ElementList", "Root", "TextElement", "TranslatedText", "attribute", "bound", "child", "children", "flag", "text",
    "text_child", "wrap_plain_values",
]  # fmt: skip

T = TypeVar("T")


class ElementList(list[T]):
    """Children of one element, in order: a list that knows ``add`` too."""

    def add(self, item: T) -> None:
        """Append ``item``, if it is not there yet."""
        if item not in self:
            self.append(item)


class Element:
    """An element of a document. Subclasses are dataclasses whose fields are made by the functions below; ``tag`` is "{namespace}name"."""

    tag: ClassVar[str]

    def __post_init__(self) -> None:
        for field, _ in _bindings(type(self)):
            value = getattr(self, field.name)
            if type(value) is list:
                setattr(self, field.name, ElementList(value))

    @classmethod
    def from_xml(cls, node: Node) -> Self:
        """The element that ``node`` is. Raises ValidationError when it lacks what it must have."""
        return cls(**{field.name: binding.read(node) for field, binding in _bindings(cls)})

    def to_xml(self, parent: Node | None = None, nsmap: dict[str | None, str] | None = None) -> Node:
        """The element as a node, under ``parent`` if there is one. Raises BuilderError."""
        node = etree.Element(self.tag, nsmap=nsmap) if parent is None else etree.SubElement(parent, self.tag)
        for field, binding in _bindings(type(self)):
            value = getattr(self, field.name)
            try:
                binding.write(node, value)
            except BuilderError:
                raise
            except (ValueError, TypeError, AttributeError) as error:
                raise BuilderError(f"{type(self).__name__}.{field.name} = {value!r}: {error}") from None
        return node


class Root(Element):
    """An element that is a whole document."""

    mime_type: ClassVar[str]
    #: Prefixes for the namespaces that the document may use; those that it does not use are left out.
    namespaces: ClassVar[dict[str | None, str]]

    @classmethod
    def parse(cls, document: bytes | str) -> Self:
        """The document in ``document``. Raises ParserError for anything else."""
        node = load(document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document)
        if node.tag != cls.tag:
            raise ValidationError(f"the document is <{etree.QName(node).localname}>, not <{etree.QName(cls.tag).localname}>")
        return cls.from_xml(node)

    def toxml(self, pretty_print: bool = False) -> bytes:
        """The document as bytes. Raises BuilderError for values that cannot be written."""
        return dump(self.to_xml(nsmap=self.namespaces), pretty_print)

    def to_bytes(self) -> bytes:
        """The document as it is sent."""
        return self.toxml()


# how the fields of an element are declared -----------------------------------------------------------------------------------


def attribute(name: str, kind: Kind = STRING, *, required: bool = False, default: Any = None) -> Any:
    """A field that is the attribute ``name``; None means it is absent."""
    return _field(_Attribute(name, kind, required), required, default)


def text(kind: Kind = STRING, *, required: bool = False) -> Any:
    """A field that is the element's own text."""
    return _field(_Text(kind, required), required)


def text_child(tag: str, kind: Kind = STRING, *, required: bool = False) -> Any:
    """A field that is the text of the child ``tag``."""
    return _field(_TextChild(tag, kind, required), required)


def child(cls: type[Element], *, required: bool = False) -> Any:
    """A field that is a child element, the first one if there are many."""
    return _field(_Child(cls, required), required)


def children(*classes: type[Element]) -> Any:
    """A field that is an ElementList of all children of these classes, in the order of the document."""
    return bound(_Children(classes), ElementList)


def flag(tag: str) -> Any:
    """A field that says whether the empty child ``tag`` is there."""
    return bound(_Flag(tag), bool)


def bound(binding: Binding, factory: Any = None) -> Any:
    """A field with a binding of its own; ``factory`` makes its default (None without one)."""
    if factory is None:
        return dataclasses.field(default=None, metadata={"xml": binding})
    return dataclasses.field(default_factory=factory, metadata={"xml": binding})


class Binding:
    """What connects a field with a node."""

    def read(self, node: Node) -> Any:
        """The field's value in ``node``; raises ValidationError when it must be there and is not."""
        raise NotImplementedError

    def write(self, node: Node, value: Any) -> None:
        """Put the value into ``node``; raises ValueError or TypeError."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class _Attribute(Binding):
    name: str
    kind: Kind
    required: bool

    def read(self, node: Node) -> Any:
        return _value(node, self.name, node.get(self.name), self.kind, self.required)

    def write(self, node: Node, value: Any) -> None:
        if value is not None:
            node.set(self.name, self.kind.text(value))
        elif self.required:
            raise ValueError("is required")


@dataclass(frozen=True, slots=True)
class _Text(Binding):
    kind: Kind
    required: bool

    def read(self, node: Node) -> Any:
        return _value(node, "text", node.text or "", self.kind, self.required)

    def write(self, node: Node, value: Any) -> None:
        if value is not None:
            node.text = self.kind.text(value)
        elif self.required:
            raise ValueError("is required")


@dataclass(frozen=True, slots=True)
class _TextChild(Binding):
    tag: str
    kind: Kind
    required: bool

    def read(self, node: Node) -> Any:
        found = node.find(self.tag)
        content = None if found is None else found.text or ""
        return _value(node, etree.QName(self.tag).localname, content, self.kind, self.required)

    def write(self, node: Node, value: Any) -> None:
        if value is not None:
            etree.SubElement(node, self.tag).text = self.kind.text(value)
        elif self.required:
            raise ValueError("is required")


@dataclass(frozen=True, slots=True)
class _Flag(Binding):
    """An empty child that is there or not."""

    tag: str

    def read(self, node: Node) -> bool:
        return node.find(self.tag) is not None

    def write(self, node: Node, value: Any) -> None:
        if value:
            etree.SubElement(node, self.tag)


@dataclass(frozen=True, slots=True)
class _Child(Binding):
    cls: type[Element]
    required: bool

    def read(self, node: Node) -> Any:
        found = node.find(self.cls.tag)
        if found is None and self.required:
            raise ValidationError(f"<{_name(node)}> lacks <{etree.QName(self.cls.tag).localname}>")
        if found is None or self.required:
            return None if found is None else self.cls.from_xml(found)
        return _readable(self.cls, found)

    def write(self, node: Node, value: Any) -> None:
        if value is not None:
            _check(value, (self.cls,)).to_xml(node)
        elif self.required:
            raise ValueError("is required")


@dataclass(frozen=True, slots=True)
class _Children(Binding):
    classes: tuple[type[Element], ...]

    def read(self, node: Node) -> Any:
        by_tag = {cls.tag: cls for cls in self.classes}
        items = (_readable(by_tag[found.tag], found) for found in node if found.tag in by_tag)
        return ElementList(item for item in items if item is not None)

    def write(self, node: Node, value: Any) -> None:
        for item in value:
            _check(item, self.classes).to_xml(node)


def wrap_plain_values(element: Element) -> None:
    """Put plain values given for children into their elements: ``state="active"`` for ``state=State("active")``."""
    for field, binding in _bindings(type(element)):
        value = getattr(element, field.name)
        if isinstance(binding, _Child) and value is not None and not isinstance(value, Element):
            setattr(element, field.name, binding.cls(value))  # type: ignore[call-arg]  # such children are dataclasses of one value


def _field(binding: Binding, required: bool, default: Any = None) -> Any:
    if required:
        return dataclasses.field(metadata={"xml": binding})
    return dataclasses.field(default=default, metadata={"xml": binding})


def _bindings(cls: type[Element]) -> list[tuple[dataclasses.Field[Any], Binding]]:
    return [(field, field.metadata["xml"]) for field in dataclasses.fields(cls) if "xml" in field.metadata]  # type: ignore[arg-type]  # dataclasses


def _value(node: Node, name: str, content: str | None, kind: Kind, required: bool) -> Any:
    if content is None:
        if required:
            raise ValidationError(f"<{_name(node)}> lacks {name}")
        return None
    try:
        return kind.parse(content)
    except ValueError as error:
        if required:
            raise ValidationError(f"<{_name(node)}> {name}: {error}") from None
        return None


def _readable(cls: type[Element], node: Node) -> Element | None:
    """The element, or None when it lacks what it must have: one bad child does not spoil its siblings."""
    try:
        return cls.from_xml(node)
    except ValidationError:
        return None


def _name(node: Node) -> str:
    return str(etree.QName(node).localname)


def _check(value: Any, classes: tuple[type[Element], ...]) -> Element:
    if not isinstance(value, classes):
        raise TypeError(f"{' or '.join(cls.__name__ for cls in classes)} is needed, not {type(value).__name__}")
    assert isinstance(value, Element)
    return value


@dataclass
class TextElement(Element):
    """An element with a text and nothing else."""

    value: str = text()

    def __str__(self) -> str:
        return self.value or ""


@dataclass
class TranslatedText(TextElement):
    """A text that says its language (RFC 5646 tag)."""

    lang: str | None = attribute(XML_LANG)

    def __str__(self) -> str:
        return self.value or ""
