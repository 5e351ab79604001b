"""The tutorial for a class: a hub to try on this machine, the files for a real one, grades.

- ``settings``  what every hub of this tutorial has in common: limits, environment, server settings
- ``hub``       a JupyterHub on this machine, loopback only: ``python -m deploy.hub``
- ``parts``     what that hub is made of, in a folder of its own
- ``machines``  the same settings for real machines: ``tljh.sh`` and ``values.yaml``
- ``load``      so many students at once: ``python -m deploy.load 10`` (``students``, ``measure``)
- ``warm``      kernels that are forked from a process which has imported everything
- ``grades``    assignments for nbgrader, tables for Moodle and Canvas

Nothing in the lessons needs any of this.
"""
