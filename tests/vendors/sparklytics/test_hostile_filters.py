"""Very large filters get a response."""

from typing import Any

import pytest

from mockserver.vendors.base import Vendor
from mockserver.vendors.sparklytics import VENDOR


@pytest.mark.parametrize("value", ["%" * 2600, "a%" * 1900, "_" * 7000])
@pytest.mark.parametrize("vendor", list(VENDOR.dialects.values()), ids=lambda vendor: vendor.label)
async def test_filter_page_of_any_length_gets_response(serve: Any, vendor: Vendor, value: str) -> None:
    mock = await serve(vendor)

    assert (await mock.ask(vendor, vendor.endpoint("list_sessions"), {"filter_page": value}))[0] == 200
