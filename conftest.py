"""All tests, the notebooks included, see no hub, no cached weights and no DINO_MODEL.

A test of the hub itself starts its own hub and says so in its own environment.
"""

from tools.notebooks import hub_off

hub_off()
