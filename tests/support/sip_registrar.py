"""A registrar for back-to-back tests: digest, bindings, and the oddities a test asks for."""

from __future__ import annotations

import hashlib
import re

from support.sip_pair import ScriptedPeer, SIPNetwork

from blinkq.sip.message import Request

_field = re.compile(r'(\w+)=(?:"([^"]*)"|([^",\s]+))')


class Registrar(ScriptedPeer):
    """Checks MD5 digests with qop=auth and keeps bindings.

    users: names and passwords; granted: seconds, None = what is asked; min_expires: below which 423 is sent; canned: codes to answer with
    before anything else, next first.
    """

    def __init__(self, network: SIPNetwork, host: str = "10.0.0.9", users: dict[str, str] | None = None):
        super().__init__(network, host, type(self).serve)
        self.users = {"alice": "secret"} if users is None else users
        self.realm = "example.test"
        self.granted: int | None = None
        self.min_expires = 0
        self.always_stale = False
        self.canned: list[tuple[int, tuple[tuple[str, str], ...]]] = []
        self.nonce = 1
        self.counts: list[str] = []
        self.bindings: dict[str, int] = {}
        self.silent = False

    def serve(self, request: Request) -> None:  # type: ignore[override]  # it is used as the script of ScriptedPeer
        if self.silent or request.method == "ACK":
            return
        if self.canned:
            code, headers = self.canned.pop(0)
            self.respond(request, code, headers=headers)
        elif not self.authorized(request):
            return
        elif request.method == "REGISTER":
            self.register(request)
        else:
            self.respond(request, 200)

    def challenge(self, request: Request, stale: bool = False) -> None:
        text = f'Digest realm="{self.realm}", nonce="n{self.nonce}", qop="auth", algorithm=MD5'
        self.respond(request, 401, headers=(("WWW-Authenticate", text + (", stale=true" if stale else "")),))

    def authorized(self, request: Request) -> bool:
        """Whether the request may pass; answers it when not."""
        for line in request.headers.get_all("Authorization"):
            fields = {name: a or b for name, a, b in _field.findall(line)}
            if fields["realm"] != self.realm:
                continue
            if self.always_stale or fields["nonce"] != f"n{self.nonce}":
                self.nonce += 1
                self.challenge(request, stale=True)
                return False
            if fields["response"] == self.digest(fields, request.method):
                self.counts.append(fields["nc"])
                return True
        self.challenge(request)
        return False

    def digest(self, fields: dict[str, str], method: str) -> str:
        def md5(*parts: str) -> str:
            return hashlib.md5(":".join(parts).encode()).hexdigest()

        secret = md5(fields["username"], self.realm, self.users.get(fields["username"], "?"))
        what = md5(method, fields["uri"])
        return md5(secret, fields["nonce"], fields["nc"], fields["cnonce"], fields["qop"], what)

    def register(self, request: Request) -> None:
        for contact in request.contacts:
            asked = int(contact.parameter("expires") or request.expires or 3600)
            if 0 < asked < self.min_expires:
                self.respond(request, 423, headers=(("Min-Expires", str(self.min_expires)),))
                return
            if asked:
                self.bindings[str(contact.uri)] = asked if self.granted is None else self.granted
            else:
                self.bindings.pop(str(contact.uri), None)
        headers = tuple(("Contact", f"<{uri}>;expires={seconds}") for uri, seconds in self.bindings.items())
        self.respond(request, 200, headers=headers)
