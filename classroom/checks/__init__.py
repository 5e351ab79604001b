"""Checks that answer an exercise: right, not yet (with a hint), or no answer yet.

One module a lesson; notebooks say ``checks.check_…``.
"""

from .exercise import LESSONS
from .lesson_00 import check_other_photo, check_overlay, check_source
from .lesson_01 import check_blocks_heads, check_small_dinov2, check_tokens
from .lesson_02 import check_patch_index, check_split, check_wide_tokens
from .lesson_03 import check_map_overlay, check_norm_map
from .lesson_04 import check_attention_row, check_patches_needed, check_rollout_row
from .lesson_05 import check_mirrored, check_mutual, check_similarity
from .lesson_06 import check_box, check_jaccard, check_peak
from .lesson_07 import check_all_tokens, check_cutoff, check_kept_width
from .lesson_08 import check_answers, check_collapse, check_shape
