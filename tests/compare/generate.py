# SPDX-License-Identifier: BSD-2-Clause
"""
Generates requests for some of the configurations, from what these configurations have: the paths of
their files and locations, their names, the fields and arguments that they read. The seed is fixed, so
that each run asks the same; SEED=N asks something else, COUNT=N so many of each configuration.
"""
import os
import random
import re

import case_file
from config_text import directives

NAMES = ("single-page-app", "hashed-assets", "many-hosts", "language", "blog", "docs", "error-pages",
         "try-files", "paths", "conditions", "aliases", "compressed", "redirects", "rewriting", "headers",
         "charsets", "texts", "frames", "auth-request", "edge", "geo-access", "hotlinks", "mirror",
         "server-names", "ready-made", "image-fallback")
COUNT = 400

METHODS = ["GET"] * 30 + ["HEAD"] * 6 + ["POST"] * 2 + ["PUT", "DELETE", "OPTIONS", "PATCH"]
FIELDS = [
    "Accept-Encoding: gzip", "Accept-Encoding: gzip, deflate, br", "Accept-Encoding: identity",
    "Range: bytes=0-1", "Range: bytes=-2", "Range: bytes=1-", "Range: bytes=0-0,2-3",
    "Range: bytes=900-", "Range: bytes=3-1", "Range: chars=0-1", "Range: bytes=0-99999999999",
    "If-Modified-Since: Tue, 02 Jan 2024 03:04:05 GMT", "If-Modified-Since: Wed, 03 Jan 2024 03:04:05 GMT",
    "If-Modified-Since: Mon, 01 Jan 2024 03:04:05 GMT", "If-Modified-Since: yesterday",
    "If-Unmodified-Since: Mon, 01 Jan 2024 03:04:05 GMT", "If-Unmodified-Since: Wed, 03 Jan 2024 03:04:05 GMT",
    "If-None-Match: *", "If-None-Match: \"other\", W/\"65937d25-4\"", "If-None-Match: \"65937d25-7\"",
    "If-Match: \"65937d25-4\"", "If-Match: *", "If-Match: W/\"65937d25-4\"",
    "If-Range: \"65937d25-4\"", "If-Range: Tue, 02 Jan 2024 03:04:05 GMT",
    "Accept-Language: de-DE,de;q=0.9", "Accept-Language: fr", "Cookie: language=en; other=1",
    "Cookie: language=fr", "Referer: http://other.test/", "User-Agent: curl/7.8", "User-Agent: MSIE 6.0",
    "Authorization: Basic am9lOnNlY3JldA==", "X-Forwarded-For: 192.0.2.1", "Via: 1.1 proxy",
]
SUFFIXES = ["", "", "", "", "/", "x", ".html", ".css", ".png", "/.", "/..", "/../index.html", "//", "%2f",
            "%20", "%00", "%zz", "/index.html", "/none", ".", "%2e", "?", "?a=b", "?x=1&a=%20", "#f", ";v=1",
            "%3Fq", "%23", "%c3%a9", "\\xc3\\xa9", "'", "\"", "<b>", "|", "\\x5c", "~", "+", "&", ":", "@", "*"]
PREFIXES = [""] * 12 + ["/", "/./", "/x/../", "/%2e/", "/%65", "http://localhost"]


def targets_of(case):
    found = {"/", "/none", "/index.html"}
    for name, _ in case.files:
        if not name.startswith("conf/"):
            parts = name.split("/")[1:]
            found |= {"/" + "/".join(parts[:count]) for count in range(1, len(parts) + 1)}
            found.add("/" + "/".join(parts[:-1] + [""]))
    for directive in directives(case.configuration):
        if directive.name == "location":
            word = directive.words[-1][0]
            if word.startswith("/"):
                found |= {word, word + "x", word + "/x"}
    for step in case.steps:
        if step.is_request() and len(step.line.split(" ")) > 1:
            found.add(step.line.split(" ")[1])
    return sorted(target for target in found if target.startswith("/"))


def hosts_of(case):
    found = {"localhost"}
    for directive in directives(case.configuration):
        if directive.name == "server_name":
            found |= {word[0] for word in directive.words[1:] if re.fullmatch(r"[a-z][a-z.]+", word[0])}
    for step in case.steps:
        found |= {field[5:].strip() for field in step.fields if field.startswith("Host:")}
    return sorted(found)


def fields_of(case):
    return sorted({field for step in case.steps for field in step.fields
                   if not field.startswith(("Host:", "Connection:"))})


def generate(case, count, seed):
    chance = random.Random(f"{case.name} {seed}")
    targets, hosts = targets_of(case), hosts_of(case)
    fields = FIELDS + fields_of(case) * 4
    case.steps = []
    for number in range(count):
        target = chance.choice(PREFIXES) + chance.choice(targets)
        if chance.random() < 0.5:
            target += chance.choice(SUFFIXES)
        version = chance.choice([" HTTP/1.1"] * 9 + [" HTTP/1.0"])
        step = case_file.Step(f"{chance.choice(METHODS)} {target}{version}", number)
        step.add(f"Host: {chance.choice(hosts)}")
        for field in chance.sample(fields, chance.choice([0, 0, 1, 1, 2])):
            if not any(field.split(":")[0] == one.split(":")[0] for one in step.fields):
                step.add(field)
        if step.word in ("POST", "PUT") and chance.random() < 0.5:
            step.add("@body some text")
        case.steps.append(step)
    return case


def cases():
    count, seed = int(os.environ.get("COUNT", COUNT)), os.environ.get("SEED", "1")
    return [generate(case, count, seed) for case in case_file.find([], ("configurations",))
            if case.name in NAMES]
