"""What a world is described by: specs, vocabularies, queries, batches of sessions."""
