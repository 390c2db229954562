"""A notification about a list of presentities: RLMI and the presence documents that belong to it (RFC 4662)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from blinkq.payloads.errors import ParserError
from blinkq.payloads.multipart import Part, content_type_parameters, parse_multipart
from blinkq.payloads.pidf import PIDF
from blinkq.payloads.rlmi import RLMI
from blinkq.payloads.rlmi import Resource as RLMIResource

__all__ = ["RLSNotify", "Resource"]


@dataclass
class Resource:
    """One buddy: the state of the server's subscription to it ("active", "pending", "terminated" or None), and its documents."""

    uri: str
    name: str | None = None
    state: str | None = None
    reason: str | None = None
    pidf_list: list[PIDF] = field(default_factory=list)


@dataclass
class RLSNotify:
    """The whole notification; iterates over the resources."""

    content_type = "multipart/related"

    uri: str
    version: int
    full_state: bool
    resources: list[Resource] = field(default_factory=list)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def __len__(self) -> int:
        return len(self.resources)

    @classmethod
    def parse(cls, payload: bytes, content_type: str) -> RLSNotify:
        """The notification in a body whose Content-Type value is given. Raises ParserError."""
        parts = parse_multipart(payload, content_type)
        start = content_type_parameters(content_type)[1].get("start", "").strip("<>")
        bodies = {part.content_id: part for part in parts if part.content_id}
        first = bodies.get(start) or next((part for part in parts if _kind(part) == RLMI.mime_type), None)
        if first is None or _kind(first) != RLMI.mime_type:
            raise ParserError("the notification has no list of resources")
        table = RLMI.parse(first.body)
        return cls(table.uri, table.version, table.full_state, [_resource(item, bodies) for item in table])


def _kind(part: Part) -> str:
    return content_type_parameters(part.content_type)[0]


def _resource(item: RLMIResource, bodies: dict[str, Part]) -> Resource:
    resource = Resource(item.uri, item.names[0].value if item.names else None)
    for instance in item.instances:
        if resource.state != "active":  # several servers may know it: one that tells is enough
            resource.state, resource.reason = instance.state, instance.reason
        part = bodies.get(instance.cid) if instance.cid else None
        if part is not None and _kind(part) == PIDF.mime_type:
            try:
                resource.pidf_list.append(PIDF.parse(part.body))
            except ParserError:
                continue  # one bad document does not spoil the others
    return resource
