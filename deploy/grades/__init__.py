"""Grades of a class, made from the lessons and their own checks; the lessons stay as they are.

- ``assignment``  lessons → a course for nbgrader: locked cells, a point an exercise
- ``marking``     what nbgrader runs in place of its own execution of a notebook
- ``box``         a student's cells run in one process, the checks in another
- ``values``      answers cross from one to the other as plain data
- ``tables``      nbgrader's grades → CSV for Moodle and Canvas

A student's code and the check of its answer never share a process: whatever the code does to the
helpers, the checks or Python itself, the check does not see it.
"""
