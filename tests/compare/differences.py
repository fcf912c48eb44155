# SPDX-License-Identifier: BSD-2-Clause
"""
Intended differences from nginx that concern many requests.

Each rule has a phrase of the sentence in www/docs/nginx.html that documents it, and a function that
takes away from both answers what differs for that reason alone. What differs in a single request is
said in the case file (@differs).
"""
import html
import pathlib
import re

PAGE = pathlib.Path(__file__).parent / "../../www/docs/nginx.html"

_NGINX_PAGE = re.compile(
    rb"<html>\r\n<head><title>([^<]*)</title></head>\r\n<body>\r\n<center><h1>[^<]*</h1></center>\r\n"
    rb"(?:<center>[^<]*</center>\r\n)?<hr><center>nginx(/[0-9.]+)?</center>\r\n</body>\r\n</html>\r\n"
    rb"(?:<!-- a padding.*-->\r\n)*", re.DOTALL)
_SKUA_PAGE = re.compile(
    rb"<!doctype html>\n<html lang=\"en\">\n<head><title>([^<]*)</title></head>\n<body>\n<h1>[^<]*</h1>\n"
    rb"<hr>\n<p>skua(/[0-9.]+)?</p>\n</body>\n</html>\n")


def documented(phrase):
    """True if the list of differences has the phrase."""
    text = PAGE.read_text()
    text = text[text.index('id="differs"'):text.index('id="missing"')]
    return phrase in " ".join(html.unescape(re.sub(r"<[^>]*>", "", text)).split())


def simplify_page(answer):
    """Puts "(page 404)" for an error page of the server's own."""
    for pattern in (_NGINX_PAGE, _SKUA_PAGE):
        match = pattern.fullmatch(answer.body)
        if match:
            version = b"" if match[2] else b", no version"
            answer.body = b"(page " + match[1][:3] + version + b")"
            answer.drop("Content-Length")
    for one, (name, value) in enumerate(answer.fields):
        if name == "Server":
            answer.fields[one] = (name, re.sub(r"^(nginx|skua)(/[0-9.]+)?$",
                                               lambda m: "PRODUCT" + ("/VERSION" if m[2] else ""),
                                               value))


def _allow(step, nginx, skua):
    if skua.status == "405" and skua.get("Allow") and not nginx.get("Allow"):
        skua.drop("Allow")
        return True
    return False


def _keep_alive(step, nginx, skua):
    if nginx.get("Connection") == ["keep-alive"] and not skua.get("Connection"):
        nginx.drop("Connection")
        return True
    return False


def _vary(step, nginx, skua):
    if nginx.get("Vary") != skua.get("Vary") and "Accept-Encoding" in skua.get("Vary"):
        nginx.drop("Vary")
        skua.drop("Vary")
        return True
    return False


def _encoded(step, nginx, skua):
    """Encoded files have a length, ranges and a tag of their own."""
    if skua.get("Content-Encoding") == nginx.get("Content-Encoding") != []:
        if skua.get("ETag") and nginx.get("ETag")[:1] != skua.get("ETag")[:1]:
            for name in ("ETag", "Content-Length", "Accept-Ranges", "Transfer-Encoding"):
                nginx.drop(name)
                skua.drop(name)
            return True
    return False


RULES = [
    ("Connection: keep-alive is sent only to HTTP/1.0 clients", _keep_alive),
    ("answer methods other than GET and HEAD with 405 and an Allow field; nginx sends no Allow", _allow),
    ("Vary: Accept-Encoding is sent with each response that could have another form", _vary),
    ("made once for each version and kept, with a length, ranges, and a strong ETag", _encoded),
]


def explain(step, nginx, skua, used):
    """Takes away what the rules explain, and notes which did."""
    for phrase, rule in RULES:
        if rule(step, nginx, skua):
            used[phrase] = used.get(phrase, 0) + 1


def check_phrases(cases):
    """The phrases that are not in the page."""
    phrases = {phrase for phrase, _ in RULES}
    for case in cases:
        for step in case.steps:
            if "differs" in step.options:
                phrases.add(step.options["differs"])
    return sorted(phrase for phrase in phrases if not documented(phrase))
