"""What every lesson promises its readers, as rules that are checked on the stored notebooks.

A rule is a function from a notebook to a list of problems (empty: kept). A notebook carries its
file name in `nb.metadata.name` here (set by `reading.read`), for its links.
"""

from lesson_rules import cells, languages, links, pictures
from lesson_rules.registry import RULES

__all__ = ["RULES", "cells", "languages", "links", "pictures"]
