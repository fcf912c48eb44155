# SPDX-License-Identifier: BSD-2-Clause
"""
The nginx.conf of the distribution, with the sites that it enables: Skua accepts it as it is, and
starts and answers with it like nginx. For the start, paths in it become paths in the test's folder.
"""
import glob
import os
import re
import subprocess

import case_file
from server import SKUA

STOCK = os.environ.get("STOCK", "/etc/nginx/nginx.conf")

REQUESTS = ["GET /", "GET /index.html", "GET /none", "HEAD /", "GET /.hidden", "GET /dir", "GET /dir/",
            "POST /", "GET /a.unknown", "GET /%zz"]


def inlined(text, base):
    """The text with the files that it includes; modules are left out, for they are nginx's own."""
    def include(match):
        pattern = match[1] if match[1].startswith("/") else f"{base}/{match[1]}"
        if "modules-enabled" in pattern or pattern.endswith("mime.types"):
            return "" if "modules-enabled" in pattern else "include mime.types;"
        return "\n".join(inlined(open(path).read(), base) for path in sorted(glob.glob(pattern)))
    return re.sub(r"(?m)^\s*include\s+([^;]+);", include, text)


def stock_case():
    text = inlined(open(STOCK).read(), os.path.dirname(STOCK))
    text = re.sub(r"(?m)^\s*(user|pid)\s[^;]*;", "", text)
    text = text.replace("/var/log/nginx/", "logs/").replace("/var/www/html", "site")
    case = case_file.Case.__new__(case_file.Case)
    case.path = case.name = STOCK
    case.files = [("site/index.html", "stock"), ("site/.hidden", "hidden"),
                  ("site/dir/index.htm", "a folder"), ("site/a.unknown", "some bytes"),
                  ("conf/mime.types", open(f"{os.path.dirname(STOCK)}/mime.types").read())]
    case.links, case.masks, case.only, case.configuration = [], [], None, text
    case.steps = []
    for number, request in enumerate(REQUESTS):
        for fields in ([], ["Accept-Encoding: gzip"]):
            step = case_file.Step(request, number)
            step.fields = fields
            case.steps.append(step)
    return case


def refused():
    """What Skua says against the file as it is; that an address is in use or a folder is missing is no matter."""
    tested = subprocess.run([SKUA, "-t", "-c", STOCK], capture_output=True, text=True, check=False)
    lines = [line for line in tested.stderr.splitlines() if "error:" in line]
    return [line for line in lines if not re.search("in use|permission|Permission|No such file", line)]


def cases():
    if not os.path.exists(STOCK):
        print(f"{STOCK} is not there: what the distribution's nginx starts with was not compared")
        return []
    return [stock_case()]
