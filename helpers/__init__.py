"""The pipeline of the lessons, one room a stage; data flows one way through it.

photo → tensor → tokens / attention → map → overlay → figure or widget

- ``images``    a photo in, a tensor out: ``photos`` reads it, wherever it is (``web``, by
  ``connections``) and whatever is in the file (``formats``, ``jpegs``, ``colours``; ``kinds`` names
  what is no photo)
- ``models``    a name → a timm model, and which weights it holds
- ``encoding``  a tensor → tokens, and attention (read from a model's twin, ``twins``)
- ``maps``      tokens or attention → a map, one number a patch
- ``objects``   patch features or a map → an object's mask and box
- ``scoring``   a map, mask or box → a number, beside masks drawn by hand
- ``deletion``  a map → how fast the CLS token changes as its patches go
- ``patches``   patch tokens → similarity, colours and parts (``components``), matches
- ``search``    many photos (``folders``) → an index → the photos nearest to a query
- ``overlay``   a map and a photo → a picture
- ``plots``     pictures → a matplotlib figure
- ``zoo``, ``norms``   many models of one photo; how long their tokens are, block by block
- ``explorer``  the same to play with, in the browser (``explorer_data``, ``explorer_export``,
  ``uploads``)
- ``lessons``, ``checks``   what the notebooks need around it: set-up, exercise checks

Nothing is imported here, so ``from helpers import images`` loads only what it needs.
"""
