"""The variables with which programs send their requests through a server's proxy, and trust it."""

from pathlib import Path
from typing import Final

from mockserver.admin_schemas.tenants import TenantAccess

_DIRECT: Final = "localhost,127.0.0.1,::1"
_PROXIES: Final = ("HTTP_PROXY", "HTTPS_PROXY")
_EXCEPTIONS: Final = "NO_PROXY"
_BUNDLES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class ProxyError(Exception):
    """The server cannot intercept requests of other programs; the message says what to do."""


def proxy_variables(access: TenantAccess) -> dict[str, str]:
    """Return the variables for the server of a tenant, with the names of its files.

    Raises :class:`ProxyError` for a server without a proxy, and if its files are not on this computer.
    """
    if access.proxy_url is None or access.ca_file is None or access.ca_bundle is None:
        raise ProxyError(f"the server at {access.url} is not a proxy; start it with --proxy")
    for path in (access.ca_file, access.ca_bundle):
        if not Path(path).is_file():
            raise ProxyError(
                f"{path}, a file of the server at {access.url}, is not on this computer;"
                " use --ca-folder to get it from the server"
            )
    proxies = dict.fromkeys(_PROXIES, access.proxy_url) | {_EXCEPTIONS: _DIRECT}
    return {
        **proxies,
        **{name.lower(): value for name, value in proxies.items()},
        **dict.fromkeys(_BUNDLES, access.ca_bundle),
        "NODE_EXTRA_CA_CERTS": access.ca_file,
        "NODE_USE_ENV_PROXY": "1",
    }


def write_certificates(pem: bytes, folder: Path) -> tuple[str, str]:
    """Write the certificate of a server's authority to a folder, alone and with the public ones.

    Return the absolute names of both files. The public ones are those of certifi; raises
    :class:`ProxyError` without it, and ``OSError``.
    """
    try:
        import certifi  # noqa: PLC0415 -- optional
    except ImportError:
        raise ProxyError(
            "the bundle of certificates needs the package certifi;"
            " install it with: python -m pip install 'session-mock[tls]'"
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    ca_file = folder.absolute() / "ca.pem"
    ca_bundle = folder.absolute() / "bundle.pem"
    ca_file.write_bytes(pem)
    ca_bundle.write_bytes(certifi.contents().encode() + b"\n" + pem)
    return str(ca_file), str(ca_bundle)
