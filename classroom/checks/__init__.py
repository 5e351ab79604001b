"""Checks that answer an exercise: right, not yet (with a hint), or no answer yet.

One module a lesson; its notebook says ``from classroom.checks import lesson_00 as checks``.
"""
