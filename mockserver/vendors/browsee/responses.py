"""Response bodies of Browsee's endpoints."""

from typing import Annotated, Literal

from msgspec import Struct

from mockserver.vendors.browsee.sources import documented


class ExportedSession(Struct, frozen=True, omit_defaults=True):
    """A row of an export; fields that have no value or were not selected are omitted."""

    timestamp: Annotated[int | None, documented("Start of the session, Unix milliseconds.")] = None
    userId: Annotated[str | None, documented("As sent to identify.")] = None
    name: Annotated[str | None, documented("If sent to identify.")] = None
    email: Annotated[str | None, documented("If sent to identify.")] = None
    ip: Annotated[str | None, documented("IP address of the session.")] = None
    tags: Annotated[list[str] | None, documented("If sent to identify, as the trait $tags.")] = None
    duration: Annotated[int | None, documented("Milliseconds from the first event to the last.")] = None
    inactiveTime: Annotated[
        int | None, documented("Milliseconds of the duration during which the user was inactive.")
    ] = None
    activeTime: Annotated[int | None, documented("duration minus inactiveTime, milliseconds.")] = None
    urls: Annotated[list[str] | None, documented("URLs visited, in order; full URLs are assumed.")] = None
    pageCount: Annotated[int | None, documented("Number of pages visited.")] = None
    eventCount: Annotated[
        int | None, documented("Number of events found; assumed not to include pageviews.")
    ] = None
    landingPage: Annotated[str | None, documented("First page of the session, assumed to be a full URL.")] = (
        None
    )
    utm_source: Annotated[str | None, documented("UTM parameter.")] = None
    utm_medium: Annotated[str | None, documented("UTM parameter.")] = None
    utm_campaign: Annotated[str | None, documented("UTM parameter.")] = None
    utm_term: Annotated[str | None, documented("UTM parameter.")] = None
    utm_content: Annotated[str | None, documented("UTM parameter.")] = None
    browser: Annotated[str | None, documented("The user's browser.")] = None
    os: Annotated[str | None, documented("The user's operating system.")] = None
    device: Annotated[
        str | None, documented("The user's device; the values desktop, mobile and tablet are assumed.")
    ] = None
    isMobile: Annotated[
        bool | None, documented("True if the device is considered mobile; assumed for tablets too.")
    ] = None
    city: Annotated[str | None, documented("City of the IP address.")] = None
    country: Annotated[
        str | None, documented("Country of the IP address; as a name or a code, which is a behavior.")
    ] = None
    domain: Annotated[str | None, documented("Domain on which the session was recorded.")] = None
    referrer: Annotated[str | None, documented("Domain of the referrer only.")] = None


class ExportPage(Struct, frozen=True):
    """A page of an export."""

    total: Annotated[int, documented("Number of sessions that match the query, on all pages.")]
    to: Annotated[int, documented("End index of this page, exclusive: the next page's from.")]
    data: Annotated[
        list[ExportedSession], documented("The sessions, ascending by timestamp (the order is assumed).")
    ]


class Export(Struct, frozen=True):
    """The response to an export request."""

    status: Annotated[Literal["success"], documented("success.")]
    exports: Annotated[ExportPage, documented("The page.")]


class Success(Struct, frozen=True):
    """The response to track and identify requests."""

    status: Annotated[Literal["success"], documented("success.", "track")]
