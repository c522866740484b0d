"""Generate the vocabularies that are shipped with the package."""
