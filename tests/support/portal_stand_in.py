"""Stands in for xdg-desktop-portal: a program that answers its ScreenCast interface with one PipeWire node, as if a person had chosen it.

The real one's back end for headless Wayland (xdg-desktop-portal-wlr) wants buffers of a graphics card. Arguments: the node's number, the
response to Start (0 chosen, 1 cancelled), PipeWire's socket. Speaks on DBUS_SESSION_BUS_ADDRESS; says "ready" when it does.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

DESKTOP = "/org/freedesktop/portal/desktop"
FACTS = {"version": ("u", 4), "AvailableSourceTypes": ("u", 3), "AvailableCursorModes": ("u", 3)}
INTERFACE = "".join(f'<property name="{name}" type="u" access="read"/>' for name in FACTS)
DESCRIPTION = f'<node><interface name="org.freedesktop.portal.ScreenCast">{INTERFACE}</interface></node>'


class Portal:
    def __init__(self, node: int, answer: int, pipewire: str) -> None:
        self.node, self.answer, self.pipewire = node, answer, pipewire
        self.connection = open_dbus_connection(bus=os.environ["DBUS_SESSION_BUS_ADDRESS"], enable_fds=True)
        self.connection.send_and_get_reply(message_bus.RequestName("org.freedesktop.portal.Desktop", 7))
        print("ready", flush=True)

    def run(self) -> None:
        again = None
        while True:
            try:
                call = self.connection.receive(timeout=1)
            except TimeoutError:
                if again is not None:  # whoever asks listens only after it was told where, and may be slow to
                    self.connection.send(again)
                continue
            if call.header.message_type is MessageType.method_call:
                again = self.take(call)

    def take(self, call: Any) -> Any:
        """Answer; what has to be told afterwards, until the next call comes."""
        member, body = call.header.fields[HeaderFields.member], call.body
        match member:
            case "Get":
                reply = new_method_return(call, "v", (FACTS[body[1]],))
            case "Introspect":
                reply = new_method_return(call, "s", (DESCRIPTION,))
            case "CreateSession" | "SelectSources" | "Start":
                return self.request(call, member)
            case "OpenPipeWireRemote":
                remote = socket.socket(socket.AF_UNIX)
                remote.connect(self.pipewire)
                reply = new_method_return(call, "h", (remote.detach(),))
            case _:
                reply = new_error(call, "org.freedesktop.DBus.Error.UnknownMethod")
        self.connection.send(reply)
        return None

    def request(self, call: Any, member: str) -> Any:
        sender = call.header.fields[HeaderFields.sender][1:].replace(".", "_")
        options = call.body[-1]
        token = options["handle_token"][1] if "handle_token" in options else f"t{call.header.serial}"
        path = f"{DESKTOP}/request/{sender}/{token}"
        results: dict[str, Any] = {}
        if member == "CreateSession":
            results = {"session_handle": ("s", f"{DESKTOP}/session/{sender}/{options['session_handle_token'][1]}")}
        elif member == "Start" and not self.answer:
            results = {"streams": ("a(ua{sv})", [(self.node, {"source_type": ("u", 1)})])}
        self.connection.send(new_method_return(call, "o", (path,)))
        address = DBusAddress(path, interface="org.freedesktop.portal.Request")
        return new_signal(address, "Response", "ua{sv}", (self.answer if member == "Start" else 0, results))


if __name__ == "__main__":
    Portal(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]).run()
