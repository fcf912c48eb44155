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
    if nginx.get("Connection") == ["keep-alive"] and not skua.get("Connection") and \
            not step.line.endswith(" HTTP/1.0"):
        nginx.drop("Connection")
        return True
    return False


def _vary(step, nginx, skua):
    """Other members of Vary have to be the same."""
    theirs, ours = (sorted(member.strip() for member in ",".join(answer.get("Vary")).split(","))
                    for answer in (nginx, skua))
    if theirs != ours and [member for member in theirs if member not in ("", "Accept-Encoding")] == \
            [member for member in ours if member not in ("", "Accept-Encoding")] and \
            "Accept-Encoding" in ours:
        return _drop_from_both(nginx, skua, "Vary")
    return False


def _encoded(step, nginx, skua):
    """Encoded files have a length, ranges and a tag of their own."""
    if nginx.get("Content-Encoding") and skua.status in ("206", "304", "412", "416") and \
            nginx.status == "200":
        return _same(nginx, skua)
    if nginx.status == skua.status == "304" and "-gz" in "".join(skua.get("ETag")):
        return _same(nginx, skua)
    if skua.get("Content-Encoding") == nginx.get("Content-Encoding") != []:
        if skua.get("ETag") and nginx.get("ETag")[:1] != skua.get("ETag")[:1]:
            for name in ("ETag", "Content-Length", "Accept-Ranges", "Transfer-Encoding"):
                nginx.drop(name)
                skua.drop(name)
            return True
    return False


def _field(step, name):
    for field in step.fields:
        word, _, value = field.partition(":")
        if word.lower() == name:
            return value.strip()
    return None


def _same(nginx, skua):
    """The whole answer is explained."""
    nginx.status, nginx.fields, nginx.body, nginx.trailers = (skua.status, skua.fields, skua.body,
                                                              skua.trailers)
    return True


def _head_of_page(step, nginx, skua):
    if (step.word == "HEAD" and nginx.status == skua.status and int(skua.status) >= 300 and
            not skua.get("ETag") and skua.get("Content-Length") and
            nginx.get("Content-Length") != skua.get("Content-Length")):
        nginx.drop("Content-Length")
        skua.drop("Content-Length")
        return True
    return False


def _no_page(step, nginx, skua):
    if nginx.status != skua.status or int(skua.status) < 400 or nginx.get("Content-Type") or nginx.body:
        return False
    if skua.body.startswith(b"(page ") or (step.word == "HEAD" and not skua.get("ETag")):
        nginx.body = skua.body
        return _drop_from_both(nginx, skua, "Content-Type", "Content-Length")
    return False


def _head_with_range(step, nginx, skua):
    if step.word == "HEAD" and _field(step, "range") and nginx.status in ("206", "416") and \
            skua.status == "200":
        return _same(nginx, skua)
    return False


def _is_range(value):
    """By the grammar of RFC 9110, 14.1.1 and 14.1.2."""
    if not re.fullmatch(r"bytes=(\d+-\d*|-\d+)(\s*,\s*(\d+-\d*|-\d+))*", value):
        return False
    return all(int(first) <= int(last) for first, last in re.findall(r"(\d+)-(\d+)", value))


def _malformed_range(step, nginx, skua):
    value = _field(step, "range")
    if not value or nginx.status != "416" or skua.status != "200" or _is_range(value):
        return False
    return _same(nginx, skua)


def _no_fields_in_416(step, nginx, skua):
    if nginx.status == skua.status == "416":
        before = len(nginx.fields)
        kept = [name for name, _ in skua.fields]
        nginx.fields = [one for number, one in enumerate(nginx.fields)
                        if one[0] in kept and one not in nginx.fields[:number]]
        return len(nginx.fields) < before
    return False


def _conditions(step, nginx, skua):
    if nginx.status == "200" and skua.status == "304" and _field(step, "if-none-match") and \
            _field(step, "if-modified-since"):
        return _same(nginx, skua)
    return False


def _other_methods(step, nginx, skua):
    if step.word == "OPTIONS" and nginx.status in ("304", "412") and skua.status == "200":
        return _same(nginx, skua)
    if step.word not in ("GET", "HEAD") and _field(step, "if-none-match") and \
            nginx.status in ("200", "304") and skua.status == "412":
        return _same(nginx, skua)
    return False


def _for_one_user(step, nginx, skua):
    if _field(step, "authorization") and nginx.get("Content-Encoding") and not skua.get("Content-Encoding"):
        for name in ("Content-Encoding", "ETag", "Transfer-Encoding", "Content-Length", "Accept-Ranges"):
            nginx.drop(name)
            skua.drop(name)
        return True
    return False


def _invalid_date(step, nginx, skua):
    value = _field(step, "if-modified-since") or _field(step, "if-unmodified-since")
    if nginx.status == "412" and skua.status in ("200", "206", "304") and value and \
            _field(step, "if-match") in (None, "*"):
        if not value.endswith("GMT") or (_field(step, "if-unmodified-since") and
                                         not skua.get("Last-Modified")):
            return _same(nginx, skua)
    return False


def _guessed_type(step, nginx, skua):
    if skua.get("X-Content-Type-Options") == ["nosniff"] and not nginx.get("X-Content-Type-Options") and \
            re.match(r"text/plain|multipart/byteranges|$", "".join(nginx.get("Content-Type"))):
        for answer in (nginx, skua):
            answer.drop("Content-Type")
            answer.drop("X-Content-Type-Options")
        return True
    return False


def _built_in_types(step, nginx, skua):
    if "types" not in step.case.configuration and nginx.get("Content-Type") != skua.get("Content-Type"):
        for answer in (nginx, skua):
            answer.drop("Content-Type")
        return True
    return False


def _bad_target(step, nginx, skua):
    target = step.line.split(" ")[1]
    if nginx.status == skua.status == "400" and nginx.fields != skua.fields and \
            re.search(r"%00|%(?![0-9a-fA-F]{2})|/(\.|%2e){2}", target):
        return _same(nginx, skua)
    return False


def _dots_in_variables(step, nginx, skua):
    if "/.." in step.line.partition("?")[2] and skua.status in ("403", "404") and nginx.body != skua.body:
        return _same(nginx, skua)
    return False


def _drop_from_both(nginx, skua, *names):
    for name in names:
        nginx.drop(name)
        skua.drop(name)
    return True


def _weak_tag(step, nginx, skua):
    if nginx.status == skua.status == "200" and "charset" in "".join(skua.get("Content-Type")) and \
            skua.get("ETag") == ["W/" + tag for tag in nginx.get("ETag")] != []:
        return _drop_from_both(nginx, skua, "ETag")
    return False


def _tag_of_304(step, nginx, skua):
    if nginx.status == skua.status == "304" and \
            skua.get("ETag") == ["W/" + tag for tag in nginx.get("ETag")] != []:
        return _drop_from_both(nginx, skua, "ETag")
    return False


def _expires_of_304(step, nginx, skua):
    if nginx.status == skua.status == "304" and skua.get("Expires") and not nginx.get("Expires"):
        return _drop_from_both(nginx, skua, "Expires", "Cache-Control")
    return False


def _ready_made_tag(step, nginx, skua):
    if nginx.status == skua.status and skua.get("ETag") != nginx.get("ETag") and \
            "".join(skua.get("ETag")).replace("-gz", "") == "".join(nginx.get("ETag")):
        return _drop_from_both(nginx, skua, "ETag")
    return False


def _listing(step, nginx, skua):
    if "sha256-" not in "".join(skua.get("Content-Security-Policy")):
        return False
    if nginx.status == skua.status == "200":
        nginx.body = skua.body
        _drop_from_both(nginx, skua, "Content-Type", "Content-Length", "Transfer-Encoding")
    return _drop_from_both(nginx, skua, "Content-Security-Policy", "X-Content-Type-Options")


def _changed_text(step, nginx, skua):
    if nginx.status == "304" and not skua.get("ETag") and not skua.get("Last-Modified") and \
            "sub_filter" in step.case.configuration:
        return _same(nginx, skua)
    return False


RULES = [
    ("Connection: keep-alive is sent only to HTTP/1.0 clients", _keep_alive),
    ("answer methods other than GET and HEAD with 405 and an Allow field; nginx sends no Allow", _allow),
    ("Vary: Accept-Encoding is sent with each response that could have another form", _vary),
    ("made once for each version and kept, with a length, ranges, and a strong ETag", _encoded),
    ("that you have not configured name Skua instead of nginx", _head_of_page),
    ("those whose code it does not know have an empty body", _no_page),
    ("Range gets 200 and the length of the whole file (nginx: 206)", _head_with_range),
    ("A malformed Range is ignored (nginx: 416)", _malformed_range),
    ("A 416 has no fields of add_header and expires", _no_fields_in_416),
    ("if If-None-Match is present, If-Modified-Since is ignored", _conditions),
    ("Conditions do not count with OPTIONS, and one of If-None-Match that is not met gives 412", _other_methods),
    ("responses made for one user: those to requests with Authorization", _for_one_user),
    ("A variable cannot bring a name . or .. into root, alias, try_files", _dots_in_variables),
    ("a text that is converted has a weak ETag and no ranges", _weak_tag),
    ("A 304 has the ETag, Cache-Control and Expires of the response that it stands for", _tag_of_304),
    ("A 304 has the ETag, Cache-Control and Expires of the response that it stands for", _expires_of_304),
    ("Their ETag ends with the coding (-gz)", _ready_made_tag),
    ("Listings in HTML are Skua's own page", _listing),
    ("conditions are not compared with the ETag and Last-Modified of the file", _changed_text),
    ("Without a types block, Skua uses the types of conf/mime.types", _built_in_types),
    ("The server that refuses an invalid target (/%zz, /../x) is the one that Host names", _bad_target),
    ("Skua ignores an invalid date", _invalid_date),
    ("the type of an unknown extension is found from the content of the file", _guessed_type),
]


def explain(step, nginx, skua, used):
    """Takes away what the rules explain, and notes which did."""
    if not nginx.status.isdigit() or not skua.status.isdigit():
        return
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
