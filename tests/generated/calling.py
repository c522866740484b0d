"""Call every operation of a generated client with its example, and print the parsed responses.

``python calling.py PACKAGE DOCUMENT URL TOKEN``, in the folder with the package, prints one line of JSON for
each operation.
"""

import json
import re
import sys
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any


def call_operation(package: str, operation: dict[str, Any], client: Any) -> dict[str, Any]:
    """Call an operation and return its outcome."""
    call = import_module(f"{package}.api.{operation['tags'][0]}.{operation['operationId']}").sync_detailed
    parameters = [item for item in operation.get("parameters", []) if "example" in item]
    arguments = {_python_name(item["name"]): item["example"] for item in parameters}
    if "requestBody" in operation:
        example = operation["requestBody"]["content"]["application/json"]["example"]
        arguments["body"] = signature(call).parameters["body"].annotation.from_dict(example)
    response = call(client=client, **arguments)
    return {
        "operation": operation["operationId"],
        "status": response.status_code,
        "model": type(response.parsed).__name__,
        "parsed": response.parsed.to_dict(),
        "sent": json.loads(response.content),
    }


def _python_name(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def main() -> None:
    """Call all operations."""
    package, document, url, token = sys.argv[1:]
    sys.path.insert(0, ".")
    client = import_module(package).AuthenticatedClient(base_url=url, token=token)
    for operations in json.loads(Path(document).read_bytes())["paths"].values():
        for operation in operations.values():
            sys.stdout.write(json.dumps(call_operation(package, operation, client)) + "\n")


if __name__ == "__main__":
    main()
