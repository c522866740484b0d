"""Numbers of archetypes, visits and visitor slots."""

from typing import Final

ARCHETYPES: Final = 4096
VISITS: Final = 8
LEAST_SLOTS_WITH_TWINS: Final = 128
