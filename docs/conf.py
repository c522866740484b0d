"""How Sphinx makes the documentation site (``make site``): the documents as they stand, README.md in front, nothing from other hosts."""

from shutil import copyfile

from sphinx.application import Sphinx

project = "session-mock"
root_doc = "README"
include_patterns = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "docs/*.md",
    "docs/*/*.md",
    "fixtures/README.md",
]
exclude_patterns = [
    ".*",
    "dist",
    "mockserver",
    "site",
    "tests",
    "tools",
]  # Nothing to find there, and some are large.
extensions = ["myst_parser"]
smartquotes = False  # What stands in quotes may be what is sent.
html_theme = "furo"
html_title = "session-mock"
html_static_path = html_css_files = ["site.css"]
html_copy_source = html_show_sphinx = html_show_copyright = False

_CONTENTS = """
```{toctree}
:hidden:

docs/howto/README
docs/vendors/README
docs/assumed
docs/world
docs/faults
docs/findings
docs/settings
docs/library
docs/cli
docs/admin
fixtures/README
ARCHITECTURE
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
    """Add to a README what stands below it; on GitHub it would be seen as code."""
    if name == root_doc:
        source[0] += _CONTENTS
    elif name in ("docs/howto/README", "docs/vendors/README"):
        source[0] += _BELOW


def _front(app: Sphinx, error: Exception | None) -> None:
    """Let the README be the front page under the name that a server looks for."""
    if error is None:
        copyfile(app.outdir / "README.html", app.outdir / "index.html")


def setup(app: Sphinx) -> None:
    """Connect what is done beside Sphinx' own work."""
    app.connect("source-read", _contents)
    app.connect("build-finished", _front)
