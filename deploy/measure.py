"""What a process has used of this machine, from /proc; Linux only."""

import os
import re
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def cpu_seconds(pid):
    """Processor time that a process has taken since it began, its ended children left out."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def pss(pid):
    """MB of memory of a process, each page that n processes share counted as 1/n."""
    return _kilobytes(Path(f"/proc/{pid}/smaps_rollup").read_text(), "Pss") / 1000


def available():
    """MB of memory that this machine could still give."""
    return _kilobytes(Path("/proc/meminfo").read_text(), "MemAvailable") / 1000


def busy():
    """Load of this machine over the last minute."""
    return os.getloadavg()[0]


def process_with(argument, environment=""):
    """The first process with this text in its command and in its environment; None if none."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if argument in (folder / "cmdline").read_text().replace("\0", " "):
                if environment in (folder / "environ").read_text(errors="replace"):
                    return int(folder.name)
        except OSError:  # ended meanwhile, or somebody else's
            pass
    return None


def _kilobytes(text, name):
    return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M)[1]) * 1.024
