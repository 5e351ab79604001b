"""The pipeline of the lessons, one room a stage; data flows one way through it.

photo → tensor → tokens / attention → map → overlay → figure or widget

- ``images``    a photo in, a tensor out
- ``models``    a name → a timm model, and which weights it holds
- ``encoding``  a tensor → tokens, and attention
- ``maps``      tokens or attention → a map, one number a patch
- ``overlay``   a map and a photo → a picture
- ``plots``     pictures → a matplotlib figure
- ``zoo``, ``norms``   many models of one photo; how long their tokens are, block by block
- ``explorer``  the same to play with, in the browser (``explorer_data``, ``explorer_export``)
- ``lessons``, ``checks``   what the notebooks need around it: set-up, exercise checks

Nothing is imported here, so ``from helpers import images`` loads only what it needs.
"""
