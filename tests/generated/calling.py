"""Calls every operation of a generated client with the example of its request, and tells what the client made of the answer.

``python calling.py PACKAGE DOCUMENT URL TOKEN``, in the folder that holds the package: one line of JSON for each operation.
"""

import json
import re
import sys
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any


def called(package: str, operation: dict[str, Any], client: Any) -> dict[str, Any]:
    """Call an operation by its module, and say what came of it."""
    call = import_module(f"{package}.api.{operation['tags'][0]}.{operation['operationId']}").sync_detailed
    said = {each["name"]: each["example"] for each in operation.get("parameters", []) if "example" in each}
    arguments = {re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower(): value for name, value in said.items()}
    if "requestBody" in operation:
        example = operation["requestBody"]["content"]["application/json"]["example"]
        arguments["body"] = signature(call).parameters["body"].annotation.from_dict(example)
    answer = call(client=client, **arguments)
    return {
        "operation": operation["operationId"],
        "status": answer.status_code,
        "model": type(answer.parsed).__name__,
        "parsed": answer.parsed.to_dict(),
        "sent": json.loads(answer.content),
    }


def main() -> None:
    """Call all of them."""
    package, document, url, token = sys.argv[1:]
    sys.path.insert(0, ".")
    client = import_module(package).AuthenticatedClient(base_url=url, token=token)
    for operations in json.loads(Path(document).read_bytes())["paths"].values():
        for operation in operations.values():
            sys.stdout.write(json.dumps(called(package, operation, client)) + "\n")


if __name__ == "__main__":
    main()
