"""Certificates of a server: an authority that is created for the run, and a certificate for each host."""

import atexit
import os
import re
import ssl
from collections.abc import Iterable
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Final

from mockserver.server.configuration.toml_files import ConfigError
from mockserver.server.tenancy.urls import CertificateFiles

LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
"""Names and addresses of this computer."""
_ORGANIZATION: Final = "session-mock"
_INSTALL: Final = "python -m pip install 'session-mock[tls]'"


def _is_name(host: str) -> bool:
    """Return whether a certificate can be for a host: names may be only local ones, with other characters."""
    return re.fullmatch(r"[0-9A-Fa-f.:]+|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", host) is not None


class Authority:
    """A certificate authority with its files, which :meth:`close` removes.

    Certificates are for *own_hosts*, all in one, and for each of *vendor_hosts* when a client asks for it.
    """

    def __init__(self, own_hosts: Iterable[str], vendor_hosts: Iterable[str]) -> None:
        """Create the authority; raise :class:`ConfigError` if a package is missing."""
        try:
            import certifi  # noqa: PLC0415 -- optional
            import trustme  # noqa: PLC0415 -- optional; it imports cryptography
        except ImportError as error:
            raise ConfigError(
                f"TLS and the proxy for https need the package {error.name}; install it with: {_INSTALL}"
            ) from None
        self._ca = trustme.CA(organization_name=_ORGANIZATION)
        self._vendor_hosts = frozenset(vendor_hosts)
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._pid = os.getpid()
        self._folder = Path(mkdtemp(prefix="session-mock-"))
        atexit.register(self.close)
        pem = self._ca.cert_pem.bytes()
        ca_bundle = certifi.contents().encode() + b"\n" + pem
        self.files: Final = CertificateFiles(
            pem, self._write("ca.pem", pem), self._write("bundle.pem", ca_bundle)
        )
        self.context: Final = self._create_context(
            *dict.fromkeys([*LOCAL_HOSTS, *filter(_is_name, own_hosts)])
        )
        """For servers: it has the certificate of the host that the client names."""
        self.context.sni_callback = self._choose_context

    def _write(self, name: str, content: bytes) -> str:
        path = self._folder / name
        path.write_bytes(content)
        return str(path)

    def _create_context(self, *hosts: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        self._ca.issue_cert(*hosts, organization_name=_ORGANIZATION).configure_cert(context)
        return context

    def _choose_context(
        self, connection: ssl.SSLSocket | ssl.SSLObject, host: str | None, _context: ssl.SSLContext
    ) -> None:
        """Use the certificate of a vendor's host; others get that of this server."""
        host = (host or "").lower()
        if host in self._vendor_hosts:
            if host not in self._contexts:
                self._contexts[host] = self._create_context(host)
            connection.context = self._contexts[host]

    def close(self) -> None:
        """Remove the files; in a forked child, do nothing."""
        if self._pid == os.getpid():
            atexit.unregister(self.close)
            rmtree(self._folder, ignore_errors=True)
