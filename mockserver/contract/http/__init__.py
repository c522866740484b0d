"""The parts of a contract that HTTP defines: the place of credentials, and cross-origin requests."""
