"""Counts a request against the limits of its key."""

from collections.abc import Mapping

from mockserver.contract.behaviors import short_name
from mockserver.contract.errors import Refusal
from mockserver.contract.limits import Bucket
from mockserver.server.requests.parser import Reading
from mockserver.server.tenancy.limits import Left, reported
from mockserver.server.tenancy.tenant import Held


def blank(reading: Reading) -> dict[str, str]:
    """Until a key is known there is nothing to report: some vendors send the headers all the same, empty."""
    return {**reading.headers, **{name: "" for rate in reading.rates if rate.unkeyed for name in rate.headers or ()}}


def charged(reading: Reading, whose: Held) -> tuple[Mapping[str, str], Refusal | None]:
    """Count a request against the limits of its key, in their order, as far as the first that it is beyond: headers, and that refusal."""
    if not reading.rates:
        return reading.headers, None
    rates, key, now = whose.tenant.rates, f"{reading.vendor.name} {whose.site}", whose.tenant.clock.now()
    found: list[Left] = []
    for rate in reading.rates:
        allowed, counts = int(reading.choices[short_name(rate.allowed)]), not any(left.refused for left in found)
        if isinstance(rate, Bucket):
            found.append(rates.take(rate, allowed, int(reading.choices[short_name(rate.refill)]), key, now, counts=counts))
        else:
            found.append(rates.charge(rate, allowed, key, now, counts=counts))
    if not any(left.allowed for left in found):  # Where any number is let through, nothing is told.
        return reading.headers, None
    beyond = next((left for left in found if left.refused), None)
    return {**reading.headers, **reported(found, now)}, None if beyond is None else beyond.refusal()
