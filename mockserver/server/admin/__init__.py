"""The admin API below ``/__admin``."""
