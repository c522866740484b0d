"""Docstrings, comments, messages and documents are written in plain technical English."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("mockserver", "tools", "tests", "examples", "docs")
IGNORED = {ROOT / "CHANGELOG.md", ROOT / "tests" / "test_style.py"}
"""Files that quote the phrases they are about."""
PHRASES = {
    "a statement that begins with a question word": re.compile(
        r"^(Whoever|Whatever|Whose|Whom|What|Whether)\b[^?]*$"
    ),
    "'nobody'": re.compile(r"\bnobody\b", re.IGNORECASE),
    "'whoever'": re.compile(r"\bwhoever\b", re.IGNORECASE),
    "'as at first'": re.compile(r"\bas at first\b", re.IGNORECASE),
    "'so many'": re.compile(r"\bso many\b", re.IGNORECASE),
    "'is told' instead of 'is given'": re.compile(
        r"\b(is|are|was|were|be|been) told\b(?! apart)", re.IGNORECASE
    ),
    "'stands' instead of 'is'": re.compile(r"\b(stands|stood)\b(?! for\b)", re.IGNORECASE),
    "'asked for' instead of 'requested'": re.compile(r"\basked for\b", re.IGNORECASE),
    "'beside' instead of 'next to'": re.compile(r"\bbeside\b", re.IGNORECASE),
    "'answer' instead of 'response'": re.compile(r"\bwithout an answer\b", re.IGNORECASE),
    "'there is no X 'y'' instead of 'unknown X 'y''": re.compile(
        r"\bthere is no [a-z]+ ['\"{]", re.IGNORECASE
    ),
    "'is no X' instead of 'is not an X'": re.compile(
        r"(?<!there )(?<!There )\bis no (?!longer\b|more\b)[a-z]+"
    ),
}
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_ITEM = re.compile(r"\s*([-*|#>]|\d+\. )")
_CODE = re.compile(
    r"^```.*?^```$|^ {4}.*$|``.*?``|`[^`\n]*`|\]\([^)]*\)|<!--.*?-->", re.DOTALL | re.MULTILINE
)


class Text(NamedTuple):
    """A piece of prose and the line where it begins."""

    line: int
    text: str


def prose_of_python(source: str) -> Iterator[Text]:
    """Yield the docstrings, comments and string literals with at least three words of a Python file.

    Values in a formatted string are replaced by ``{…}``.
    """
    parts: set[ast.AST] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            parts.update(node.values)
            text = "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{…}" for part in node.values
            )
            if len(text.split()) > 2:
                yield Text(node.lineno, text)
        elif (
            node not in parts
            and isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and len(node.value.split()) > 2
        ):
            yield Text(node.lineno, node.value)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Text(token.start[0], token.string.lstrip("#:! "))


def prose_of_markdown(document: str) -> Iterator[Text]:
    """Yield the paragraphs, list items and table cells of a document; headings are titles, not statements."""
    plain = _CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), document)
    block: list[str] = []
    start = 1
    for number, line in enumerate([*plain.splitlines(), ""], 1):
        if block and (not line.strip() or _ITEM.match(line)):
            yield from _cells(Text(start, " ".join(block)))
            block = []
        if line.strip():
            start = start if block else number
            block.append(line.strip())


def _cells(block: Text) -> Iterator[Text]:
    """Yield the cells of a table row, or the block without its list marker."""
    if block.text.startswith("#"):
        return
    for cell in block.text.split("|"):
        text = cell.strip().lstrip("-*>0123456789. ")
        if text:
            yield Text(block.line, text)


def violations(texts: Iterator[Text]) -> list[str]:
    """Return the sentences that use a phrase of the old style, each with its line and the reason."""
    found = []
    for text in texts:
        for sentence in _SENTENCE.split(" ".join(text.text.split())):
            found += [
                f"{text.line}: {reason}: {sentence[:90]}"
                for reason, phrase in PHRASES.items()
                if phrase.search(sentence)
            ]
    return found


def files(suffix: str) -> list[Path]:
    """Return the project's own files with a suffix."""
    inside = [path for folder in FOLDERS for path in (ROOT / folder).rglob(f"*{suffix}")]
    return sorted(
        path for path in {*inside, *ROOT.glob(f"*{suffix}")} - IGNORED if "assets" not in path.parts
    )


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ('def f():\n    """Whether it is open."""\n', "question word"),
        ('raise ValueError("x is no port")\n', "is no X"),
        ("# nobody reads this\n", "nobody"),
        ("# The client is told a window.\n", "is told"),
        ("# while the clock stands still\n", "stands"),
        ("# the page that was asked for\n", "asked for"),
        ("# the file beside this one\n", "beside"),
        ("# it ends without an answer\n", "answer"),
        ('raise ValueError(f"there is no port {x!r}")\n', "unknown X"),
        ("raise ValueError(\"there is no port 'x'\")\n", "unknown X"),
        ('help = f"at most so many rows: {x}"\n', "so many"),
    ],
)
def test_violations_finds_old_phrases_in_python(source: str, reason: str) -> None:
    assert [text for text in violations(prose_of_python(source)) if reason in text]


@pytest.mark.parametrize(
    "source",
    [
        '"""Return True if it is open."""\n',
        'raise ValueError("there is no port")\n',
        'title = "What is a port?"\n',
        "# it is no longer open\n",
        "# 0 stands for any port\n",
        "# tenants are told apart by their names\n",
    ],
)
def test_violations_accepts_plain_python(source: str) -> None:
    assert violations(prose_of_python(source)) == []


def test_violations_finds_old_phrases_in_markdown_outside_code() -> None:
    document = "# What it does\n\nIt serves. Whoever asks gets it.\n\n```sh\nnobody\n```\n\n- `so many` is code\n\n| a | is no b |\n"

    found = violations(prose_of_markdown(document))

    assert [text.partition(":")[0] for text in found] == ["3", "3", "11"]


@pytest.mark.parametrize("path", files(".py"), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_python_file_uses_plain_english(path: Path) -> None:
    assert violations(prose_of_python(path.read_text("utf-8"))) == []


@pytest.mark.parametrize("path", files(".md"), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_document_uses_plain_english(path: Path) -> None:
    assert violations(prose_of_markdown(path.read_text("utf-8"))) == []
