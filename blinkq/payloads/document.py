"""A kind of document under the name that scripts know it by: its content type, and parse, build and create."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar, cast

from blinkq.payloads.element import Root

__all__ = ["XMLDocument"]

R = TypeVar("R", bound=Root)


class XMLDocument(Generic[R]):
    """Base of the documents; never instantiated."""

    content_type: ClassVar[str]
    root_element: ClassVar[type[Root]]

    def __init_subclass__(cls, root: type[Root], **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.root_element = root
        cls.content_type = root.mime_type

    @classmethod
    def parse(cls, document: bytes | str) -> R:
        """The root element of ``document``. Raises ParserError."""
        return cast(R, cls.root_element.parse(document))

    @classmethod
    def build(cls, root: R, pretty_print: bool = False) -> bytes:
        """The document of a root element. Raises BuilderError."""
        return root.toxml(pretty_print)

    @classmethod
    def create(cls, **values: Any) -> bytes:
        """The document of a root element with these values. Raises BuilderError."""
        return cls.root_element(**values).toxml()
