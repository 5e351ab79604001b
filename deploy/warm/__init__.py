"""Warm kernels: a process that has imported everything forks one for each student.

A plain kernel spends seconds of processor time on importing torch and timm, and holds their memory
alone. A fork begins with both done, and shares that memory with all the others.

- ``parent``  the process that has imported everything; it runs nothing and has one thread
- ``ask``     what the kernel spec starts in a kernel's place: asks for a fork and stands for it
- ``child``   a fork becomes a kernel: the asker's environment, seeds, threads
- ``same``    whether a fork would be what the asker's own process had been; if not: a plain kernel
- ``spec``    the kernel spec "DINO"

Whatever goes wrong, whoever asks gets a plain kernel; so does every other user, and whoever lives
behind other walls or limits, as students on The Littlest JupyterHub do. Linux only: elsewhere
forking a process that has loaded torch is not known to be safe.
"""
