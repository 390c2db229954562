"""Lookups and name servers as scripts ask for them."""

from __future__ import annotations

from support.middleware import Recorder, start_configuration

from blinkq.compat.lookup import DNSManager
from blinkq.compat.types import Singleton
from blinkq.sipsimple.configuration import ConfigurationManager
from blinkq.sipsimple.configuration.datatypes import NameserverList
from blinkq.sipsimple.configuration.settings import SIPSimpleSettings


def test_the_name_servers_in_use() -> None:
    assert type(DNSManager) is Singleton
    start_configuration()
    recorder = Recorder("DNSResolverDidInitialize")
    DNSManager().start()
    system = recorder.last("DNSResolverDidInitialize").nameservers
    assert system == DNSManager().nameservers
    SIPSimpleSettings().dns.nameservers = NameserverList(["192.0.2.53:5353"])
    assert DNSManager().nameservers == ["192.0.2.53:5353"]
    DNSManager().stop()
    ConfigurationManager().stop()
