"""Values that describe worlds: specs, vocabularies, queries, batches of sessions."""
