"""Pictures in, a matplotlib figure out; each says at its foot which weights made it.

One module a kind of picture; notebooks say ``plots.two_panel`` and the like.
"""

from .attention import agreement, kept, layers_heads, query, scales
from .frame import DPI, FONT, HANGUL, HEIGHT, WIDTH
from .maps import compare, heads, patch_grid, two_panel
from .objects import deletion_curves, gallery, regions
from .patches import matches, parts, pca, similarity
from .search import rates, retrieval
from .training import curves, live_curves, rows
from .zoo import block_histogram, differences, side_by_side
