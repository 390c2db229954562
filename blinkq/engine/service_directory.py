"""The directory of services on the local network (DNS-SD, RFC 6763): what can be announced in it and found in it.

The real one is ``zeroconf_directory.py``, its twin for tests ``tests/support/fake_directory.py``. All methods belong to the engine
thread, where listeners are called as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["DirectoryFactory", "Service", "ServiceDescription", "ServiceDirectory", "ServiceListener"]


@dataclass(frozen=True, slots=True)
class ServiceDescription:
    """The name of a service: unique on the network among those of its type.

    :param name: the instance, such as ``kfgtwqzh-tcp``
    :param type: such as ``_sipuri._tcp``
    """

    name: str
    type: str
    domain: str = "local"


@dataclass(frozen=True, slots=True)
class Service:
    """A service as announced.

    :param host: the computer's name, without domain
    :param addresses: its IP addresses
    :param text: what the TXT record says; a value of our own is cut to what one string of that record can carry
    """

    description: ServiceDescription
    host: str
    addresses: tuple[str, ...]
    port: int
    text: Mapping[str, str] = field(default_factory=dict)


class ServiceListener(Protocol):
    """Who hears what is found."""

    def service_found(self, service: Service) -> None:
        """The service is there, or its data has changed."""

    def service_lost(self, description: ServiceDescription) -> None:
        """The service said goodbye, or was not heard of for too long."""


class ServiceDirectory(Protocol):
    """One use of the directory, from ``open`` to ``close``. Methods raise NetworkError with a sentence."""

    async def open(self, addresses: Sequence[str]) -> None:
        """Speak and listen on the interfaces that have these addresses of ours."""

    async def announce(self, service: Service) -> Service:
        """Announce a service; the result has the name that it got, which is another one when somebody had it already."""

    async def update(self, service: Service) -> None:
        """Announce other data of a service that was announced."""

    def browse(self, types: Sequence[str], listener: ServiceListener) -> None:
        """Tell ``listener`` of all services of these types from now on, our own among them."""

    async def close(self) -> None:
        """Say goodbye for all that was announced, and be silent. Idempotent; never raises."""


DirectoryFactory = Callable[[], ServiceDirectory]
