"""Programs for the maintainers of the project; not part of the package."""
