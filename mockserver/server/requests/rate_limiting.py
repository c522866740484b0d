"""Count a request against the rate limits of its key."""

from collections.abc import Mapping

from mockserver.contract.errors import VendorError
from mockserver.contract.limits import LimitStatus
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.tenancy.limits import reported
from mockserver.server.tenancy.tenant import Principal


def empty_limit_headers(parsed: ParsedRequest) -> dict[str, str]:
    """Return the headers for an unauthenticated request.

    Some vendors send empty limit headers before they know the key.
    """
    headers = dict(parsed.headers)
    for rate in parsed.rates:
        if rate.unkeyed:
            headers |= dict.fromkeys(rate.headers or (), "")
    return headers


def enforce_limits(
    parsed: ParsedRequest, principal: Principal
) -> tuple[Mapping[str, str], VendorError | None]:
    """Count a request against its rate limits in order.

    Return the response's headers, and the error of the first exceeded limit or None.
    Limits after the first exceeded one are reported, but not counted.
    """
    if not parsed.rates:
        return parsed.headers, None
    limiter = principal.tenant.rates
    key = f"{parsed.vendor.name} {principal.site}"
    now = principal.tenant.clock.now()
    statuses: list[LimitStatus] = []
    exceeded: LimitStatus | None = None
    for rate in parsed.rates:
        status = limiter.charge(rate, parsed.behaviors, key, now, counts=exceeded is None)
        if status.refused and exceeded is None:
            exceeded = status
        statuses.append(status)
    if not any(status.allowed for status in statuses):  # Unlimited: there is nothing to report.
        return parsed.headers, None
    headers = {**parsed.headers, **reported(statuses, now)}
    return headers, None if exceeded is None else exceeded.error(parsed.behaviors)
