"""A connector that writes the sessions of a Sparklytics website as lines of JSON.

It uses the standard library only.
"""

import json
import os
import sys
from urllib.parse import urlencode
from urllib.request import Request, urlopen


def main() -> int:
    """Read the settings from the environment and write one session per line to stdout."""
    url = f"{os.environ['SPARKLYTICS_URL']}/api/websites/{os.environ['SPARKLYTICS_SITE']}/sessions"
    headers = {"Authorization": f"Bearer {os.environ['SPARKLYTICS_TOKEN']}"}
    query = {"start_date": os.environ["START_DATE"], "timezone": "UTC", "limit": "100"}
    while True:
        with urlopen(Request(f"{url}?{urlencode(query)}", headers=headers), timeout=10) as response:
            page = json.load(response)
        for session in page["sessions"]:
            sys.stdout.write(json.dumps(session) + "\n")
        if page["next_cursor"] is None:
            return 0
        query["cursor"] = page["next_cursor"]


if __name__ == "__main__":
    sys.exit(main())
