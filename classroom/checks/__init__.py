"""Checks that answer an exercise: right, not yet (with a hint), or no answer yet.

One module a lesson; its notebook says ``from classroom.checks import lesson_00 as checks``. A check
stands in the exercise's own cell, and the student's every try is kept, see ``classroom.answers``.

Parameters
----------
answer : what the student wrote
    Numbers in any form: a list, tuple, array, or tensor of any precision, on any device. A stub's
    `...`, alone or among others, is no answer yet.
others : what the lesson has made, from which the check works out the right answer and usual
    mistakes; see each check

Returns
-------
None. The verdict is printed, a line in Korean and a line in English.

Raises
------
Nothing on a student's answer, whatever it is.
"""
