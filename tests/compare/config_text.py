# SPDX-License-Identifier: BSD-2-Clause
"""
Where the directives of a configuration stand, and what has to change in it before it can run in a
test: its ports become ports that the kernel chose, at 127.0.0.1 and ::1.
"""
import re
import socket


class Directive:
    def __init__(self, start, words, parent):
        self.start, self.end, self.words, self.parent = start, None, words, parent
        self.is_block = False

    @property
    def name(self):
        return self.words[0][0]

    def context(self):
        return (self.parent.context() + " > " if self.parent else "") + self.name


def _word_end(text, at):
    if text[at] in "\"'":
        quote = text[at]
        at += 1
        while text[at] != quote:
            at += 2 if text[at] == "\\" else 1
        return at + 1
    while text[at] not in " \t\r\n;{}" or (text[at] == "{" and text[at - 1] == "$"):
        if text[at] == "{":
            at = text.index("}", at)
        at += 2 if text[at] == "\\" else 1
    return at


def directives(text):
    """All directives in the order of the text. words are (text, start, end)."""
    found, stack, words, at = [], [None], [], 0
    while at < len(text):
        char = text[at]
        if char in " \t\r\n":
            at += 1
        elif char == "#":
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
        elif char == "}":
            at += 1
            stack.pop().end = at
        elif char in ";{":
            directive = Directive(words[0][1], words, stack[-1])
            found.append(directive)
            words, at = [], at + 1
            directive.end = at
            if char == "{":
                directive.is_block = True
                stack.append(directive)
        else:
            end = _word_end(text, at)
            words.append((text[at:end], at, end))
            at = end
    return found


def _free_port(family):
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        return one.getsockname()[1]


_ADDRESS = re.compile(r"^(?:(\[[0-9a-fA-F:]+\]|[0-9.*]+|localhost):)?([0-9]+)$")


def place(text):
    """
    The text with addresses that are free, and a dictionary from the port that was written to the
    port that is used. A port has the same number at 127.0.0.1 and ::1.
    """
    ports, changes = {}, []
    for directive in directives(text):
        if directive.name != "listen":
            continue
        word, start, end = directive.words[1]
        if re.fullmatch(r"\[[0-9a-fA-F:]+\]|[0-9.]+\.[0-9.]+|localhost", word):
            word += ":80"
        match = _ADDRESS.match(word)
        if not match:
            continue
        port = int(match[2])
        if port not in ports:
            ports[port] = _free_port(socket.AF_INET)
        is_v6 = (match[1] or "").startswith("[")
        host = "[::1]" if is_v6 else "127.0.0.1"
        if match[1] and match[1].startswith("127."):
            host = match[1]
        changes.append((start, end, f"{host}:{ports[port]}"))
    for start, end, new in reversed(changes):
        text = text[:start] + new + text[end:]
    return text, ports
