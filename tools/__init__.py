"""Programs of the project's maintainers; not shipped."""
