"""A TLS context for HTTP clients of tests, which send plain HTTP.

Without one, each client loads the certificates of all authorities: 24 ms, longer than all else in most tests.
"""

import ssl
from typing import Final

TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
