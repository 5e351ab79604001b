"""What Jupyter starts in a kernel's place: asks the warm parent for a fork and stands for it.

    python -I -S ask.py -f CONNECTION_FILE

To Jupyter this process is the kernel: it passes signals on, ends when the fork ends, and takes the
fork with it when it is killed. Without a parent, or if a fork would not do, it becomes a plain
kernel itself. Standard library only, and little of it: there is one such process a kernel.
"""

import json
import os
import select
import signal
import socket
import sys
import time

VARIABLE = "DINO_WARM"  # the parent's socket
PATIENCE = 10  # seconds for an answer; a plain kernel takes about as long
STARTING = 60  # for a parent that is still importing: a kernel that began now would take longer


def main(argv):
    channel, pid = fork(argv)
    if pid is None:  # become a plain kernel
        os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", *argv])
    stand_for(pid, channel)


def fork(argv):
    """Ask for a fork that will be the kernel.

    Returns a socket, open as long as both live, and the fork's process, which has been told to go
    on; None if there is none.
    """
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel.settimeout(PATIENCE)
    try:
        connect(channel, os.environ[VARIABLE])
        job = {
            "argv": argv,
            "cwd": os.getcwd(),
            "environment": dict(os.environ),
            "python": sys.executable,
            "umask": os.umask(0o077),
        }
        os.umask(job["umask"])
        socket.send_fds(channel, [b" "], [0, 1, 2])
        channel.sendall(json.dumps(job).encode() + b"\n")
        answer = json.loads(channel.makefile("r").readline())
        if "no" in answer:
            print(f"plain kernel: {answer['no']}", file=sys.stderr)
            return channel, None
        channel.sendall(b"go")
        return channel, answer["pid"]
    except (KeyError, OSError, ValueError):
        channel.close()  # a fork that comes late finds nobody, and ends
        return channel, None


def connect(channel, path):
    """Reach the parent, also one that has just been started; its folder goes if that fails."""
    end = time.monotonic() + STARTING
    while not os.path.exists(path) and os.path.exists(os.path.dirname(path)):
        if time.monotonic() > end:
            break
        time.sleep(0.05)
    channel.connect(path)


def stand_for(pid, channel):
    """Pass signals on to the fork until it ends, or until Jupyter itself has ended."""

    def pass_on(number, frame):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            pass

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, pass_on)
    ends = [channel]
    try:
        ends.append(os.pidfd_open(pid))  # what the student's code has forked may hold the socket
    except (OSError, AttributeError):
        pass
    jupyter = os.getppid()
    while os.getppid() == jupyter:
        if select.select(ends, [], [], 1)[0]:
            break
    os._exit(0)  # closes the channel, and a fork that still lives ends with it


if __name__ == "__main__":
    main(sys.argv[1:])
