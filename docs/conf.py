"""Sphinx configuration of the documentation site (``make site``).

All documents, without content from other hosts.
"""

from shutil import copyfile

from sphinx.application import Sphinx

project = "session-mock"
root_doc = "README"
include_patterns = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/*.md",
    "docs/*/*.md",
    "examples/README.md",
    "fixtures/README.md",
]
exclude_patterns = [
    ".*",
    "dist",
    "mockserver",
    "site",
    "tests",
    "tools",
]  # These folders have no documents, and some are large.
extensions = ["myst_parser"]
smartquotes = False  # Quoted text may be sent literally.
html_theme = "furo"
html_title = "session-mock"
html_static_path = html_css_files = ["site.css"]
html_copy_source = html_show_sphinx = html_show_copyright = False

_CONTENTS = """
```{toctree}
:hidden:

docs/README
docs/howto/README
examples/README
docs/vendors/README
docs/cli
docs/settings
docs/library
docs/admin
docs/faults
docs/scenarios
docs/conformance
docs/clients
docs/findings
docs/assumed
docs/glossary
docs/world
docs/decisions/README
fixtures/README
ARCHITECTURE
CONTRIBUTING
SECURITY
CHANGELOG
```
"""
_BELOW = """
```{toctree}
:hidden:
:glob:

*
```
"""


def _contents(_app: Sphinx, name: str, source: list[str]) -> None:
    """Add the table of contents to a README; in the file itself, GitHub would show it as code."""
    if name == root_doc:
        source[0] += _CONTENTS
    elif name in ("docs/decisions/README", "docs/howto/README", "docs/vendors/README"):
        source[0] += _BELOW


def _front(app: Sphinx, error: Exception | None) -> None:
    """Copy the README to the file that web servers show first."""
    if error is None:
        copyfile(app.outdir / "README.html", app.outdir / "index.html")


def setup(app: Sphinx) -> None:
    """Connect the functions above to the events of Sphinx."""
    app.connect("source-read", _contents)
    app.connect("build-finished", _front)
