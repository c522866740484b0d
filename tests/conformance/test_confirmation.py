"""On a busy machine a correct client reaches its own timeout, which is not reported as a mistake."""

from typing import Any

import pytest

from mockserver import conformance
from mockserver.conformance import Situation
from tests.conformance.clients.careful import TARGETS, make_client

CASE = "paging/many-pages"


@pytest.mark.parametrize("target", [target for target in TARGETS if "series" not in target])
@pytest.mark.parametrize("slow", ["first", "always"])
@pytest.mark.parametrize("consequence", ["violation", "loud"])
def test_wrong_verdict_that_depends_on_time_is_confirmed(target: str, slow: str, consequence: str) -> None:
    """A slow client requests a page again that it has not received in time, or gives up."""
    runs = []

    def collect(situation: Situation) -> list[dict[str, Any]]:
        client = make_client(target, None, situation.environment, situation.tenant.clock.advance)
        send = client.send
        sent = []

        def send_slowly(fields: Any) -> Any:
            sent.append(fields)
            response = send(fields)
            if len(sent) != 3:
                return response
            if consequence == "loud":
                raise RuntimeError
            return send(fields)

        if situation.environment["SESSION_MOCK_CASE"] == CASE:
            runs.append(situation)
            if slow == "always" or len(runs) == 1:
                client.send = send_slowly  # type: ignore[method-assign]
        return client.collect()

    [result] = conformance.run(target, collect, cases=[CASE], timeout=2.4).results

    assert (result.verdict, result.outcome) == (
        ("wrong", consequence) if slow == "always" else ("right", "complete")
    )
    assert result.runs == len(runs) == 2
