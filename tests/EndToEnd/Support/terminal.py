"""Runs a program on a terminal of its own and types into it.

usage: terminal.py COLUMNS SCRIPT PROGRAM [ARGUMENT...]

SCRIPT is a JSON list of steps; each step is {"expect": TEXT, "send": TEXT} (wait until TEXT has
appeared since the last step, then type) or {"expect": TEXT, "signal": NAME}. What the program writes
goes to standard output byte for byte; its exit status becomes ours (128 + n for a signal).
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

DEADLINE = 20.0


def main() -> int:
    columns, steps, program = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        os.execv(program[0], program)
    deadline = time.monotonic() + DEADLINE
    seen = b""
    while True:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            sys.stderr.write(f"no end within {DEADLINE} s; waiting for {steps[:1]}\n")
            break
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                data = os.read(terminal, 65536)
            except OSError:  # EIO: the program has closed the terminal.
                break
            if not data:
                break
            sys.stdout.buffer.write(data)
            seen += data
        if steps and steps[0]["expect"].encode() in seen:
            step = steps.pop(0)
            seen = seen.split(step["expect"].encode(), 1)[1]
            if "send" in step:
                os.write(terminal, step["send"].encode())
            if "signal" in step:
                os.kill(pid, getattr(signal, step["signal"]))
    sys.stdout.flush()
    status = os.waitpid(pid, 0)[1]
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


sys.exit(main())
