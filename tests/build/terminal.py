# SPDX-License-Identifier: BSD-2-Clause
"""terminal.py SHELL ARGUMENT...: types into a shell in a terminal of its own, for
test_completions.sh.

Standard input has a step on each line, whose escapes are those of Python:

    type TEXT      types it, and reads what comes until nothing has come for a moment
    run TEXT       the same with the key Enter
    line TEXT      the line that is being typed has to begin with this; it is emptied
    shows TEXT     the terminal has to show this, since the last "run" or "line"

Exit status: 0, or 1 after what the terminal has shown.
"""

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

PATIENCE = 20  # seconds, for what has to come
QUIET = 0.1  # seconds without a byte: it waits for keys
WHOLE_LINE = "\x01"  # the key Ctrl-A: to the beginning of the line


class Terminal:
    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        self.shown = ""

    def read(self, seconds):
        """Reads what comes within this time. False: nothing did."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            text = os.read(self.fd, 65536).decode("utf-8", "replace")
        except OSError:
            text = ""
        if not text:
            self.fail("the shell has ended")
        if "\x1b[c" in text or "\x1b[0c" in text:  # it asks what the terminal can do
            os.write(self.fd, b"\x1b[?1;2c")
        text = re.sub(r"\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b[=>()][0-9AB]?", "", text)
        self.shown += text
        return True

    def keys(self, text):
        os.write(self.fd, text.encode())
        while self.read(QUIET):
            pass

    def wait_for(self, text, what):
        end = time.monotonic() + PATIENCE
        while text not in self.shown:
            if time.monotonic() > end:
                self.fail(f"{what}: {text!r}")
            self.read(0.1)

    def fail(self, what):
        print(f"{what}; it has shown:\n{self.shown}")
        sys.exit(1)


def main():
    terminal = Terminal(sys.argv[1:])
    counter = 0
    for step in sys.stdin.read().splitlines():
        verb, _, text = step.partition(" ")
        text = codecs.decode(text, "unicode_escape")
        if verb == "type":
            terminal.keys(text)
        elif verb == "run":
            terminal.shown = ""
            counter += 1
            # What is typed must not look like what is printed.
            terminal.keys(f"{text}; echo do''ne:{counter}.\r")
            terminal.wait_for(f"done:{counter}.", "this does not end")
        elif verb == "line":
            counter += 1
            terminal.keys(f"{WHOLE_LINE}echo li''ne:{counter}: \r")
            terminal.wait_for(f"line:{counter}: {text.rstrip()}", "the line is not")
            terminal.shown = ""
        elif verb == "shows":
            terminal.wait_for(text, "it does not show")
        else:
            terminal.fail(f"no step is called {verb}")
    os.close(terminal.fd)


main()
