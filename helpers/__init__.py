"""The pipeline of the lessons, in the order in which data flows:

images → models → encoding → maps → overlay → plots, widgets (and weights: who made a picture).
Nothing is imported here, so ``from helpers import images`` loads only what it needs.
"""
