"""The shapes in which Rybbit refuses, as it documents them."""

from mockserver.contract.errors import ErrorShape
from mockserver.vendors.rybbit.sources import chosen, documented, sourced

UNAUTHORIZED = ErrorShape(401, {"error": "Unauthorized"}, documented("401; the text is the server's.", "start"))
NO_ROUTE = ErrorShape(
    404,
    {"message": "Route {method}:{path} not found", "error": "Not Found", "statusCode": 404},
    sourced("What the server's framework answers to a path or method that it does not know."),
    {"Content-Type": "application/json; charset=utf-8"},
)
ERRORS = {
    "violation": ErrorShape(
        400,
        {"error": "{message}"},
        documented("400 with an error; what the texts about time say is read in the server of July 2026.", "start"),
    ),
    "missing_credential": UNAUTHORIZED,
    "wrong_credential": UNAUTHORIZED,
    "forbidden": ErrorShape(403, {"error": "Forbidden"}, documented("403; the text is the server's.", "start")),
    "unknown_site": ErrorShape(404, {"error": "Site not found"}, documented("404; the text is the server's.", "start")),
    "unknown_session": ErrorShape(404, {"error": "Session not found"}, documented("404; the text is the server's.", "start")),
    "rate_limited": ErrorShape(
        429,
        {"success": False, "error": "Rate limit exceeded. Maximum 500 requests per 10 minutes per API key."},
        documented("The body is documented; no header is.", "start"),
    ),
    "unknown_path": NO_ROUTE,
    "wrong_method": NO_ROUTE,
    "too_large": ErrorShape(413, {"error": "Request body is too large"}, chosen("No endpoint takes a body.")),
    "internal": ErrorShape(500, {"error": "Internal Server Error"}, documented("500 with an error; the text is chosen.", "start")),
}
