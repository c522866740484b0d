"""Results as JUnit XML."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal
from xml.etree import ElementTree as ET

from msgspec import Struct

from mockserver._util.printable import printable


class JUnitCase(Struct, frozen=True, kw_only=True):
    """A test case."""

    group: str
    name: str
    seconds: float | None = None
    result: Literal["passed", "failure", "error", "skipped"] = "passed"
    kind: str | None = None
    """The kind of failure or error."""
    message: str = ""
    text: str = ""


def render_junit(suites: Mapping[str, Sequence[JUnitCase]]) -> str:
    """Return test cases by suite as XML."""
    root = ET.Element("testsuites")
    for name, cases in suites.items():
        counts = Counter(case.result for case in cases)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=printable(name),
            tests=str(len(cases)),
            failures=str(counts["failure"]),
            errors=str(counts["error"]),
            skipped=str(counts["skipped"]),
            time=f"{sum(case.seconds or 0 for case in cases):.3f}",
        )
        for case in cases:
            _add_case(suite, case)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add_case(suite: ET.Element, case: JUnitCase) -> None:
    attributes = {"classname": case.group, "name": case.name}
    if case.seconds is not None:
        attributes["time"] = f"{case.seconds:.3f}"
    element = ET.SubElement(suite, "testcase", attributes)
    if case.result != "passed":
        element = ET.SubElement(element, case.result, message=printable(case.message, keep=""))
        if case.kind is not None:
            element.set("type", case.kind)
    elif case.text:
        element = ET.SubElement(element, "system-out")
    if case.text:
        element.text = printable(case.text)
