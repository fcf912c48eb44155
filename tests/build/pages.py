# SPDX-License-Identifier: BSD-2-Clause
#
# What the pages of the site, the README and the READMEs of the modules show, for test_pages.sh:
#
#	pages.py commands SKUA          commands are understood, targets of make and scripts are there
#	pages.py configurations SKUA    configurations are understood, alone or in a block around them
#	pages.py files                  files of the source that pages name are there
#
# Prints each fault. Exit status: 0 when there is none, otherwise 1.

import glob
import html
import os
import re
import shlex
import subprocess
import sys
import tempfile

PAGES = ["README.md", *sorted(glob.glob("www/**/*.html", recursive=True)), *sorted(glob.glob("modules/*/README.md")),
         *sorted(glob.glob(".github/*.md"))]
HISTORY = "www/docs/changes.html"  # names what was wrong in other versions

faults = []


def plain(markup):
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def blocks(page, but=""):
    """The blocks of code of a page, without those whose tag has the word `but`."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    if page.endswith(".html"):
        found = re.findall(r"<pre([^>]*)>(.*?)</pre>", text, flags=re.S)
        return [plain(block) for tag, block in found if not but or but not in tag]
    found = re.findall(r"(?:^\n|\A)((?:^    .*\n|^\n(?=    ))+)", text, flags=re.M)
    return [re.sub(r"^    ", "", block, flags=re.M) for block in found]


def names(page):
    """What stands in the type of code within sentences."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    if page.endswith(".html"):
        text = re.sub(r"<pre.*?</pre>", "", text, flags=re.S)
        return [plain(name) for name in re.findall(r"<code[^>]*>(.*?)</code>", text, flags=re.S)]
    return re.findall(r"`([^`\n]*)`", text)


def words(line):
    """The words of a command, without what stands before it, up to a comment, a pipe or a redirection."""
    line = re.sub(r"^\$ |^sudo ", "", line.strip())
    try:
        found = shlex.split(line)
    except ValueError:
        return []
    while found and re.fullmatch(r"[A-Z]+=.*", found[0]):
        found.pop(0)
    for i, word in enumerate(found):
        if word[0:1] in ("#", "|", ">", "&", "…"):
            return found[:i]
    return found


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20, check=False)
    return done.returncode, done.stdout + done.stderr


def targets():
    with open("Makefile", encoding="utf-8") as file:
        return {name for line in file for name in re.findall(r"^([a-z -]+):", line) for name in name.split()}


# Words that stand for something.
PLACEHOLDERS = {"NAME", "$NAME", "WORD", "COMMAND"}


def check_command(skua, page, line):
    command = words(line)
    if not command:
        return
    program = command[0]
    if program == "make":
        for target in command[1:]:
            if "=" not in target and target not in targets():
                faults.append(f"{page}: make has no {target}: {line}")
    elif re.match(r"(\./)?(auto|tests)/[^.]*[^./]$", program):
        if not os.access(program, os.X_OK):
            faults.append(f"{page}: there is no program {program}: {line}")
    elif program in ("skua", "build/skua"):
        # With -h behind them, the words before it are read and nothing is done.
        status, output = run(skua, *command[1:], "-h")
        if status:
            faults.append(f"{page}: {line}: {output.strip()}")
        elif command[1:2] == ["help"] and not PLACEHOLDERS & set(command) and "-c" not in command:
            if run(skua, *command[1:])[0]:
                faults.append(f"{page}: {line}: finds nothing")


def check_commands(skua):
    count = 0
    for page in PAGES:
        lines = [line for block in blocks(page) for line in block.splitlines()
                 if re.match(r"(\$ )?(sudo )?([A-Z]+=\S+ )*((build/)?skua|make|(\./)?(auto|tests)/\S+)( |$)", line)]
        if page != HISTORY:
            lines += [name for name in names(page) if re.match(r"((build/)?skua|make) [^\n]*$", name)]
        for line in dict.fromkeys(lines):
            # What the program prints may begin with its name, too; and "-s" alone is a name.
            if not re.match(r"skua (serves|[0-9.]+ serves)|skua -s$", line) and "COMMAND" not in line:
                count += 1
                check_command(skua, page, line)
    if count < 80:
        faults.append(f"only {count} commands were found")


AROUND = ["%s", "events { } %s", "events { } http { %s\n}", "events { } http { server { LISTEN %s\n} }",
          "events { } http { server { LISTEN location /page-test/ { %s\n} } }"]

# What the page cannot bring along, or shows as two ways of one thing.
BORNE = re.compile(r"No such file or directory|duplicate location|directive is duplicate|unknown variable|"
                   r"the zone .* is not declared|forwards requests|has no \"ssl_certificate\"")
# In the READMEs of modules each line may have a place of its own.
BORNE_OF_MODULES = re.compile(BORNE.pattern + "|is not allowed here")


def is_configuration(block):
    lines = [re.sub(r"(^|\s)#.*", "", line).rstrip() for line in block.split("\n")]
    lines = [line for line in lines if line.strip()]
    return (lines and all(line[-1] in ";{}" for line in lines)
            and not re.search(r"\bstruct\b|\bstatic\b|->|\benum\b|\.\.\.|…;", block))


def check_configuration(skua, folder, page, block):
    addresses = {}

    def listen(match):
        number = addresses.setdefault(match[1], len(addresses))
        return f"listen unix:{folder}/{number}"

    borne = BORNE_OF_MODULES if page.startswith("modules/") else BORNE
    best = None
    for around in AROUND:
        text = re.sub(r"\blisten\s+([^\s;]+)", listen, block)
        text = around.replace("LISTEN", "" if "listen" in text else f"listen unix:{folder}/s;") % text
        with open(f"{folder}/conf/skua.conf", "w", encoding="utf-8") as file:
            file.write(text + "\n")
        output = run(skua, "-t", "-p", folder)[1]
        wrong = [line for line in output.splitlines() if "error:" in line and not borne.search(line)]
        if not wrong:
            return
        if best is None or len(wrong) < len(best):
            best = wrong
    faults.append(f"{page}: {block.strip().splitlines()[0]} …: " + "; ".join(best))


def check_configurations(skua):
    count = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for name in ("conf", "logs", "conf/sites"):
            os.mkdir(f"{folder}/{name}")
        with open("conf/mime.types", encoding="utf-8") as types, open(f"{folder}/conf/mime.types", "w", encoding="utf-8") as to:
            to.write(types.read())
        for page in PAGES:
            for block in blocks(page, but="data-run"):
                if is_configuration(block):
                    count += 1
                    check_configuration(skua, folder, page, block)
    if count < 60:
        faults.append(f"only {count} configurations were found")


def check_files():
    count = 0
    for page in PAGES:
        if page == HISTORY:
            continue
        for name in names(page):
            path = re.fullmatch(r"(?:conf|auto|tests|include|modules|core|www|\.github)/[A-Za-z0-9_./*-]*", name)
            if not path or "NAME" in name:
                continue
            count += 1
            if not glob.glob(name) and not glob.glob(f"core/{name}"):
                faults.append(f"{page}: there is no {name}")
    if count < 30:
        faults.append(f"only {count} files were found")


{"commands": check_commands, "configurations": check_configurations, "files": check_files}[sys.argv[1]](*sys.argv[2:])
print("\n".join(faults), end="\n" if faults else "")
sys.exit(1 if faults else 0)
