"""Known results: verdicts that a client is expected to get, so that only new ones fail."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, get_args

from msgspec.structs import replace

from mockserver._util.suggest import suggest
from mockserver.conformance.case import OUTCOMES, Case, CaseError, Rating
from mockserver.conformance.results import CaseResult

_WORDS: Final = (*get_args(Rating), "inconclusive", *OUTCOMES)


def read_expectations(path: Path, cases: Iterable[str]) -> dict[str, str]:
    """Read the known results of a file: a table ``[known]`` of verdicts or outcomes by case.

    A name may be a pattern such as ``resume/*``. Raise :class:`CaseError` for an invalid file.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CaseError(f"{path}: {reason}; write TOML with a table [known]") from None
    known = raw.get("known")
    if not isinstance(known, dict) or set(raw) != {"known"}:
        raise CaseError(f'{path}: expected one table [known] with entries such as "retry/429-date" = "lost"')
    names = list(cases)
    for name, word in known.items():
        if not any(fnmatchcase(case, name) for case in names):
            raise CaseError(f"{path}: unknown case {name!r}; {suggest(name, names)}")
        if word not in _WORDS:
            raise CaseError(f"{path}: {name}: unknown verdict {word!r}; {suggest(word, _WORDS)}")
    return {str(name): str(word) for name, word in known.items()}


def expectation_of(case: Case, known: Mapping[str, str]) -> str | None:
    """Return the known verdict or outcome of a case; the exact name wins over patterns."""
    matching = (word for name, word in known.items() if fnmatchcase(case.id, name))
    return known.get(case.id) or next(matching, None)


def apply_expectation(result: CaseResult, known: Mapping[str, str], case: Case) -> CaseResult:
    """Return the result with its known verdict, unless it does not apply."""
    word = expectation_of(case, known)
    return result if word is None or result.verdict == "not applicable" else replace(result, expectation=word)


def find_stale(known: Mapping[str, str], results: Sequence[CaseResult]) -> tuple[str, ...]:
    """Return the entries that no result of a case that was run confirms."""
    stale = []
    for name, word in known.items():
        matching = [result for result in results if fnmatchcase(result.case, name)]
        if matching and not any(word in (result.verdict, result.outcome) for result in matching):
            got = ", ".join(dict.fromkeys(result.summary for result in matching))
            stale.append(f"{name}: expected {word}, got {got}; correct or remove the entry")
    return tuple(stale)
