"""Counts a request against the limits of its key."""

from collections.abc import Mapping

from mockserver.contract.behaviors import short_name
from mockserver.contract.errors import VendorError
from mockserver.contract.limits import TokenBucket
from mockserver.server.requests.parser import ParsedRequest
from mockserver.server.tenancy.limits import LimitStatus, reported
from mockserver.server.tenancy.tenant import Principal


def empty_limit_headers(reading: ParsedRequest) -> dict[str, str]:
    """Until a key is known there is nothing to report: some vendors send the headers all the same, empty."""
    return {
        **reading.headers,
        **{name: "" for rate in reading.rates if rate.unkeyed for name in rate.headers or ()},
    }


def enforce_limits(reading: ParsedRequest, whose: Principal) -> tuple[Mapping[str, str], VendorError | None]:
    """Count a request against the limits of its key, in their order, as far as the first that it is beyond: headers, and that refusal."""
    if not reading.rates:
        return reading.headers, None
    rates, key, now = whose.tenant.rates, f"{reading.vendor.name} {whose.site}", whose.tenant.clock.now()
    found: list[LimitStatus] = []
    for rate in reading.rates:
        allowed, counts = (
            int(reading.behaviors[short_name(rate.allowed)]),
            not any(left.refused for left in found),
        )
        if isinstance(rate, TokenBucket):
            found.append(
                rates.take(
                    rate, allowed, int(reading.behaviors[short_name(rate.refill)]), key, now, counts=counts
                )
            )
        else:
            found.append(rates.charge(rate, allowed, key, now, counts=counts))
    if not any(left.allowed for left in found):  # Where any number is let through, nothing is told.
        return reading.headers, None
    beyond = next((left for left in found if left.refused), None)
    return {**reading.headers, **reported(found, now)}, None if beyond is None else beyond.error()
