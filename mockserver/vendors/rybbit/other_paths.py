"""Paths of Rybbit's API that are documented, but not imitated. Data only."""

from typing import Final

_OF_SITE: Final = (
    "error-bucketed",
    "error-events",
    "error-names",
    "events",
    "events/count",
    "events/names",
    "events/outbound",
    "events/properties",
    "funnels",
    "goals",
    "journeys",
    "live-user-count",
    "metric",
    "overview",
    "overview-bucketed",
    "page-titles",
    "performance/by-dimension",
    "performance/overview",
    "performance/time-series",
    "retention",
    "session-replay/list",
    "users",
    "users/session-count",
)
OTHER_PATHS: Final = (
    *(f"/api/{path}/{{site}}" for path in _OF_SITE),
    "/api/funnels/analyze/{site}",
    "/api/funnels/{stepNumber}/sessions/{site}",
    "/api/goals/{goalId}/sessions/{site}",
    "/api/session-replay/{sessionId}/{site}",
    "/api/site-has-data/{site}",
    "/api/site-is-public/{site}",
    "/api/track",
    "/api/users/{userId}/{site}",
    *(f"/api/sites/{{siteId}}/{path}" for path in _OF_SITE),
    "/api/sites/{siteId}/users/{userId}",
)
"""The paths with the site at the end are those of December 2025."""
