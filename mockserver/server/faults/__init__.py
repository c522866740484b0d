"""TODO package faults."""
