# SPDX-License-Identifier: BSD-2-Clause
"""
Sends the request of a step and reads the answer. Each request has a connection of its own and says
"Connection: close", unless the step has a Connection field.

    @from ADDRESS   the client's address, of 127.0.0.0/8
    @port PORT      the port as the configuration writes it; otherwise the first one
    @v6             by ::1
    @tls NAME       by TLS, with this name (SNI)
    @no-host        without Host, which otherwise is "localhost"
    @body TEXT      a body, with its length
    @first TEXT     bytes before the request
    @wait SECONDS   before it is sent
    @takes SECONDS  it is wrong if the answer comes earlier
    @within SECONDS it is wrong if the answer comes later
    @hold           read the head only and keep the connection until the next step with @release
"""
import email.utils
import gzip
import re
import socket
import ssl
import time
import zlib

from server import unescape

TIMEOUT = 30


class Answer:
    def __init__(self):
        self.status = "no answer"
        self.fields = []  # (name, value)
        self.trailers = []
        self.body = b""
        self.seconds = 0.0
        self.is_cut = False

    def get(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def drop(self, name):
        self.fields = [one for one in self.fields if one[0].lower() != name.lower()]

    def lines(self):
        """What a case file has of it."""
        out = [self.status]
        out += [f"{name}: {value}".rstrip() for name, value in
                sorted(self.fields, key=lambda field: field[0].lower())]
        if self.is_cut:
            out.append("(cut)")
        out += body_lines(self.body)
        out += [f"+ {name}: {value}" for name, value in self.trailers]
        return out


def body_lines(body):
    if not body:
        return []
    if len(body) > 3000:
        return [f"> ({len(body)} bytes, CRC {zlib.crc32(body):08x})"]
    return ["> " + line if line else ">" for line in printable(body).split("\n")]


def printable(data):
    """UTF-8 as it is, all else as \\xNN."""
    text = data.decode("utf-8", "surrogateescape")
    return re.sub("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e\udc80-\udcff]|\\\\(?=x)",
                  lambda match: "".join(f"\\x{byte:02x}" for byte in
                                        match[0].encode("utf-8", "surrogateescape")), text)


def request_bytes(step):
    words = step.line.split(" ")
    version = "" if words[-1].startswith("HTTP/") or "@raw" in step.options else " HTTP/1.1"
    fields = list(step.fields)
    names = [field.split(":")[0].lower() for field in fields]
    if "host" not in names and "no-host" not in step.options:
        fields.insert(0, "Host: localhost")
    if "connection" not in names:
        fields.append("Connection: close")
    body = unescape(step.options.get("body", ""))
    if body and "transfer-encoding" not in names and "content-length" not in names:
        fields.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([step.line + version] + fields) + "\r\n\r\n"
    first = unescape(step.options["first"]) + b"\r\n" if "first" in step.options else b""
    return first + unescape(head) + body


def connect(server, step):
    ports = server.ports
    written = int(step.options["port"]) if "port" in step.options else next(iter(ports), 0)
    port = ports[written]
    if "v6" in step.options:
        sock = socket.create_connection(("::1", port), TIMEOUT)
    else:
        source = (step.options["from"], 0) if "from" in step.options else None
        sock = socket.create_connection(("127.0.0.1", port), TIMEOUT, source)
    if "tls" in step.options:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        sock = context.wrap_socket(sock, server_hostname=step.options["tls"] or None)
    return sock


class Reader:
    def __init__(self, sock):
        self.sock, self.data, self.ended = sock, b"", False

    def more(self):
        try:
            piece = self.sock.recv(65536)
        except (ConnectionError, ssl.SSLError):
            piece = b""
        if not piece:
            self.ended = True
        self.data += piece

    def until(self, mark):
        while mark not in self.data and not self.ended:
            self.more()
        head, _, self.data = self.data.partition(mark)
        return head

    def take(self, count):
        while len(self.data) < count and not self.ended:
            self.more()
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def rest(self):
        while not self.ended:
            self.more()
        return self.data


def fields_of(lines):
    return [tuple(part.strip() for part in printable(line).split(":", 1)) if b":" in line
            else (printable(line), "") for line in lines]


def read_chunked(reader, answer):
    body = b""
    while True:
        line = reader.until(b"\r\n")
        size = int(line.split(b";")[0] or b"0", 16) if line else -1
        if size < 0:
            answer.is_cut = True
            return body
        if size == 0:
            break
        piece = reader.take(size)
        body += piece
        if len(piece) < size:
            answer.is_cut = True
            return body
        reader.take(2)
    lines = []
    while True:
        line = reader.until(b"\r\n")
        if not line:
            break
        lines.append(line)
    answer.trailers = fields_of(lines)
    return body


def read_answer(reader, method, held=False):
    answer = Answer()
    while True:
        head = reader.until(b"\r\n\r\n").split(b"\r\n")
        if not head[0].startswith(b"HTTP/"):
            if head[0]:
                answer.status, answer.body = "no head", head[0]
            return answer
        status = head[0].split(b" ")[1].decode()
        if status[0] != "1":
            break
    answer.status = status
    answer.fields = fields_of(head[1:])
    length = answer.get("Content-Length")
    if held or method == "HEAD" or status in ("204", "304"):
        return answer
    if answer.get("Transfer-Encoding") == ["chunked"]:
        answer.body = read_chunked(reader, answer)
    elif length:
        answer.body = reader.take(int(length[0]))
        answer.is_cut = len(answer.body) < int(length[0])
    else:
        answer.body = reader.rest()
    return answer


def ask(server, step):
    """Sends it. The answer is as it came."""
    time.sleep(float(step.options.get("wait", 0)))
    began = time.monotonic()
    held = "hold" in step.options
    try:
        sock = connect(server, step)
    except (OSError, KeyError) as error:
        answer = Answer()
        answer.status = f"no connection ({type(error).__name__})"
        return answer
    try:
        sock.sendall(request_bytes(step))
        answer = read_answer(Reader(sock), step.word, held)
    except OSError as error:
        answer = Answer()
        answer.status = f"no answer ({type(error).__name__})"
    if held:
        server.held = getattr(server, "held", []) + [sock]
    else:
        sock.close()
    if "release" in step.options:
        for one in getattr(server, "held", []):
            one.close()
        server.held = []
    answer.seconds = time.monotonic() - began
    return answer


# --- what differs from run to run

_DATE = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d[ -]\w{3}[ -]\d{2,4} \d\d:\d\d:\d\d GMT"


def relative_date(text, now):
    """A date from now on as the seconds from now."""
    def replace(match):
        then = email.utils.parsedate_to_datetime(match[0].replace("-", " ")).timestamp()
        if abs(then - now) > 400 * 86400:
            return match[0]
        return f"<now {round((then - now) / 10) * 10:+d} s>"
    return re.sub(_DATE, replace, text)


def normalize(answer, server, step):
    """Takes Date, Server, ports, folders and whatever the case masks out of an answer."""
    now = time.time()
    keeps = [field.lower() for field in step.fields]
    before = len(answer.body)
    answer.drop("Date")
    if "server" not in step.options:
        answer.drop("Server")
    if not any(field.startswith("connection:") for field in keeps):
        answer.drop("Connection")
    coding = answer.get("Content-Encoding")
    if answer.status != "206" and coding == ["gzip"] and answer.body[:2] == b"\x1f\x8b":
        answer.body = gzip.decompress(answer.body)
    boundary = re.search(r"boundary=(\w+)", "".join(answer.get("Content-Type")))
    if boundary:
        answer.body = answer.body.replace(boundary[1].encode(), b"BOUNDARY")
        answer.fields = [(name, value.replace(boundary[1], "BOUNDARY")) for name, value in answer.fields]
    answer.body = scrub(answer.body.decode("utf-8", "surrogateescape"), server)
    answer.body = answer.body.encode("utf-8", "surrogateescape")
    fields = []
    for name, value in answer.fields:
        value = scrub(value, server)
        if name.lower() == "content-length" and answer.body and value == str(before):
            value = str(len(answer.body))
        if name.lower() in ("expires", "set-cookie"):
            value = relative_date(value, now)
        if name.lower() == "set-cookie":
            value = re.sub(r"^(\w+=[A-Za-z0-9+/]{5})[A-Za-z0-9+/]{17}", r"\1<id>", value)
        fields.append((name, value))
    answer.fields = fields
    answer.trailers = [(name, scrub(value, server)) for name, value in answer.trailers]


def scrub(text, server):
    text = text.replace(str(server.dir), "/prefix")
    for written, used in server.ports.items():
        text = re.sub(rf"(?<![0-9a-fA-F]){used}(?![0-9a-fA-F])", str(written), text)
    for mask in server.case.masks:
        text = re.sub(mask, "<*>", text)
    return text
