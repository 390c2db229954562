"""The accepting end of TLS between two parties: it asks for the other one's certificate, and takes any (RFC 8122 §6).

Whether it is the right one is found out later, when it is known who connected: its fingerprint is in that party's SDP. Python's own
``ssl`` cannot do that, as it takes certificates only of authorities that it knows beforehand; pyOpenSSL can. What this is not: TLS with
servers, or as a server of SIP (``tls.py``).
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate
from OpenSSL import SSL

from blinkq.engine.errors import TLSError, describe_os_error
from blinkq.engine.network import Accept, Address, Stream, StreamHandler
from blinkq.engine.tls import TLSConfig

__all__ = ["PairTLSStream", "pair_context"]

#: Bytes taken out of a connection at once.
READ_SIZE = 64 * 1024


@lru_cache(maxsize=8)
def pair_context(config: TLSConfig) -> SSL.Context:
    """The context for connections that come in; raises TLSError when our certificate is missing or cannot be used."""
    if not config.has_certificate:
        raise TLSError("Listening on TLS needs a certificate: choose one in the settings.")
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    # every connection proves anew who it is
    context.set_options(SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_TICKET)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_session_id(os.urandom(16))
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)  # asks for a certificate; that its owner has the key is always checked
    try:
        if config.pem is not None:
            context.use_certificate(load_pem_x509_certificate(config.pem))
            key = load_pem_private_key(config.pem, None)
            assert isinstance(key, EllipticCurvePrivateKey)  # own_certificate.py makes no others
            context.use_privatekey(key)
        else:
            assert config.certificate is not None
            context.use_certificate_chain_file(config.certificate)
            context.use_privatekey_file(config.private_key or config.certificate)
        context.check_privatekey()
    except (SSL.Error, OSError) as error:
        raise TLSError(f"Cannot use the certificate in {config.certificate}. Choose another file.") from error
    return context


class PairTLSStream:
    """Stream over an accepted TCP connection, whose handler it is. ``accept`` is asked for a handler when the handshake is done.

    :param timeout: seconds for the handshake
    """

    def __init__(self, raw: Stream, context: SSL.Context, accept: Accept, timeout: float) -> None:
        self.peer_certificate: bytes | None = None
        self._raw = raw
        self._accept: Accept | None = accept
        self._handler: StreamHandler | None = None
        self._tls = SSL.Connection(context, None)
        self._tls.set_accept_state()
        self._closed = False
        self._timer = asyncio.get_running_loop().call_later(timeout, self.abort)

    @property
    def shaking(self) -> bool:
        """The handshake is not done yet."""
        return self._accept is not None

    # Stream

    @property
    def local(self) -> Address:
        return self._raw.local

    @property
    def remote(self) -> Address:
        return self._raw.remote

    @property
    def on_writable(self) -> Callable[[bool], None] | None:
        return self._raw.on_writable

    @on_writable.setter
    def on_writable(self, listener: Callable[[bool], None] | None) -> None:
        self._raw.on_writable = listener

    @property
    def pending(self) -> int:
        return self._raw.pending

    def pause_reading(self, pause: bool) -> None:
        self._raw.pause_reading(pause)

    def write(self, data: bytes) -> None:
        if self._closed or not data:
            return
        try:
            self._tls.sendall(data)
        except SSL.Error:
            self._broken()
            return
        self._flush()

    def close(self) -> None:
        if not self._closed:
            try:
                self._tls.shutdown()
            except SSL.Error:
                pass  # the handshake is not done
            self._flush()
        self._end()
        self._raw.close()

    def abort(self) -> None:
        self._end()
        self._raw.abort()

    # StreamHandler

    def data_received(self, data: bytes) -> None:
        if self._closed:
            return
        pieces: list[bytes] = []  # handed on as one: a record holds at most 16 KiB, and a file has many
        end: OSError | None = None
        try:
            self._tls.bio_write(data)
            if self._accept is not None:
                self._tls.do_handshake()
                self._flush()
                self._shaken()
            while not self._closed:
                pieces.append(self._tls.recv(READ_SIZE))
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            end = OSError(errno.EPIPE, "closed")
        except SSL.Error:
            end = OSError(errno.ECONNRESET, "TLS error")
        self._flush()  # the alert too that says why
        if pieces and self._handler is not None:
            self._handler.data_received(b"".join(pieces))
        if end is not None:
            self._lost(describe_os_error(end, *self.remote, "tls"))

    def connection_lost(self, error: str) -> None:
        self._lost(error)

    def _shaken(self) -> None:
        accept, self._accept = self._accept, None
        self._timer.cancel()
        certificate = self._tls.get_peer_certificate(as_cryptography=True)
        self.peer_certificate = None if certificate is None else certificate.public_bytes(Encoding.DER)
        assert accept is not None
        self._handler = accept(self)
        if self._handler is None:
            self.abort()

    def _broken(self) -> None:
        self._lost(describe_os_error(OSError(errno.ECONNRESET, "TLS error"), *self.remote, "tls"))

    def _lost(self, error: str) -> None:
        handler = self._handler
        self._end()
        self._raw.close()
        if handler is not None:
            handler.connection_lost(error)

    def _end(self) -> None:
        self._closed = True
        self._handler = self._accept = None
        self._timer.cancel()

    def _flush(self) -> None:
        try:
            while True:
                self._raw.write(self._tls.bio_read(READ_SIZE))
        except SSL.WantReadError:
            pass  # that was all
