"""The tutorial for a class: a hub to try on this machine, the files for a real one, grades.

- ``values.yaml``, ``settings``  what every hub of this tutorial has in common
- ``tljh.sh``     the same for The Littlest JupyterHub
- ``hub``         a JupyterHub on this machine, loopback only: ``python -m deploy.hub``
- ``parts``       what that hub is made of, in a folder of its own
- ``load``        so many students at once: ``python -m deploy.load 10`` (``students``)
- ``warm``        kernels that are forked from a process which has imported everything
- ``lab``         JupyterLab with such kernels: what ``make lab`` runs
- ``grades``      assignments for nbgrader, tables for Moodle and Canvas, a quiz
- ``release``     one zip for a USB stick

Nothing in the lessons needs any of this.
"""
