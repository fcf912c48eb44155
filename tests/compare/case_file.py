# SPDX-License-Identifier: BSD-2-Clause
"""
Reads and writes case files.

A case file is about one subject. It has sections, each headed by a line of three dashes:

    # What this file is about.

    --- file html/a.txt
    The text of the file, without the line feed behind its last line.
    --- link html/b.txt a.txt
    --- mask [0-9]+\\.[0-9]{3}
    --- configuration
    events { }
    http { server { listen 8080; root html; } }
    --- requests

    GET /a.txt
    Accept-Language: de
    @from 127.0.0.2
    \t200
    \tContent-Length: 42
    \tContent-Type: text/plain
    \t> The text of the file, without the line feed behind its last line.

A request is a request line and fields; the answer that is expected follows, indented by a tab: status,
fields by name, body. Lines with an @ say how to send the request (client.py). Instead of a request
there may be a step: LOG FILE shows the new lines of a log, ERRORS TEXT whether the error log has a
text, FILE PATH TEXT writes a file, REMOVE PATH removes one, WORKERS count, nice or cpus shows what the
worker processes have. A line with # is a comment.

    @differs PHRASE     nginx answers something else, for the reason that www/docs/nginx.html gives
                        in a sentence with this phrase
    @takes SECONDS      the answer takes at least so long

"--- only skua" marks a file with directives that nginx does not have.
"""
import pathlib


class Step:
    """A request with what is expected, or another step."""

    def __init__(self, line, number):
        self.number = number
        self.line = line
        self.source = [line]  # as it stands in the file, without the expectation
        self.fields = []
        self.options = {}
        self.expected = []

    @property
    def word(self):
        return self.line.split(" ", 1)[0]

    @property
    def rest(self):
        return self.line.split(" ", 1)[1] if " " in self.line else ""

    def is_request(self):
        return self.word not in ("LOG", "ERRORS", "FILE", "REMOVE", "WORKERS")

    def add(self, line):
        self.source.append(line)
        if line.startswith("@"):
            name, _, value = line[1:].partition(" ")
            self.options[name] = value
        elif not line.startswith("#"):
            self.fields.append(line)


class Case:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.name = self.path.stem
        self.files = []  # (path, text)
        self.links = []  # (path, target)
        self.masks = []
        self.only = None
        self.configuration = ""
        self.steps = []
        self.top = []  # the lines before the requests
        self.read()

    def read(self):
        section, lines = None, []
        text = self.path.read_text()
        all_lines = text.split("\n")
        for number, line in enumerate(all_lines, 1):
            if section == "requests":
                self.read_step_line(line, number)
                continue
            self.top.append(line)
            if line.startswith("--- "):
                self.end_section(section, lines)
                section, lines = line[4:], []
            else:
                lines.append(line)
        if section != "requests":
            raise ValueError(f"{self.path}: no \"--- requests\"")

    def end_section(self, section, lines):
        if section is None:
            return
        word, _, rest = section.partition(" ")
        text = "\n".join(lines)
        if word == "file":
            self.files.append((rest, text))
        elif word == "link":
            self.links.append(tuple(rest.split(" ")))
        elif word == "mask":
            self.masks.append(rest)
        elif word == "only":
            self.only = rest
        elif word == "configuration":
            self.configuration = text + "\n"
        else:
            raise ValueError(f"{self.path}: unknown section \"{section}\"")

    def read_step_line(self, line, number):
        last = self.steps[-1] if self.steps else None
        if line.startswith("\t"):
            last.expected.append(line[1:])
        elif not line or (line.startswith("#") and (last is None or last.closed)):
            if last is not None:
                last.closed = True
            if line:
                self.comments.append(line)
        elif last is None or last.closed:
            self.steps.append(Step(line, number))
            self.steps[-1].closed = False
            self.steps[-1].comments = self.comments
            self.comments = []
        else:
            last.add(line)

    comments = []

    def write(self):
        """Writes the file anew, with what the steps expect now."""
        out = list(self.top)
        for step in self.steps:
            out.append("")
            out += step.comments
            out += step.source
            out += ["\t" + line for line in step.expected]
        self.path.write_text("\n".join(out) + "\n")


def find(names, folders=("configurations", "cases")):
    """The cases of the tree, or those with one of the names in their path below this folder."""
    here = pathlib.Path(__file__).parent
    paths = sorted(path for folder in folders for path in (here / folder).glob("*.case"))
    return [Case(path) for path in paths
            if not names or any(name in str(path.relative_to(here)) for name in names)]
