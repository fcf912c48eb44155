# SPDX-License-Identifier: BSD-2-Clause
"""
Runs nginx or Skua with the configuration of a case, in a folder of its own.

The configuration runs as it is written, but for the ports (config_text.py), what keeps the process in
the foreground, and folders for temporary files, which nginx's packages put where only root can write.
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import config_text

HERE = pathlib.Path(__file__).parent
NGINX = os.environ.get("NGINX", "/usr/sbin/nginx")
SKUA = str(pathlib.Path(os.environ.get("SKUA") or HERE / "../../build/skua").resolve())
FILE_TIME = 1704164645  # of all files: Tue, 02 Jan 2024 03:04:05 GMT
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
START_SECONDS = 60


class StartFailed(Exception):
    pass


class Server:
    def __init__(self, kind, case, configuration=None):
        self.kind, self.case = kind, case
        self.text = case.configuration if configuration is None else configuration
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="compare-"))
        self.process = None
        self.offsets = {}
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # --- its folder

    def prepare(self):
        self.dir.chmod(0o755)
        for name in ("conf", "html", "logs", "temp"):
            (self.dir / name).mkdir()
        (self.dir / "logs").chmod(0o777)
        (self.dir / "temp").chmod(0o777)
        shutil.copy(HERE / "../../conf/mime.types", self.dir / "conf/mime.types")
        for name, text in self.case.files:
            self.put(name, text)
        for name, target in self.case.links:
            path = self.dir / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(target)
            os.utime(path, (FILE_TIME, FILE_TIME), follow_symlinks=False)
            os.utime(path.parent, (FILE_TIME, FILE_TIME))

    def put(self, name, text):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(unescape(text))
            path.chmod(0o600 if name.endswith(".key") else 0o644)
        while path != self.dir:
            os.utime(path, (FILE_TIME, FILE_TIME))
            path = path.parent

    def remove(self, name):
        (self.dir / name).unlink()
        self.offsets.pop(name, None)

    # --- its process

    def start(self):
        for _ in range(5):
            text, self.ports = config_text.place(self.text)
            (self.dir / "conf/nginx.conf").write_text(self.adapted(text))
            self.launch()
            if self.wait_until_it_listens():
                return
            if "in use" not in self.messages():
                break
        raise StartFailed(self.messages())

    def adapted(self, text):
        top = [one for one in config_text.directives(text) if one.parent is None]
        self.globals = "daemon off;"
        if not any(one.name == "pid" for one in top):
            self.globals += f" pid {self.dir}/logs/server.pid;"
        if self.kind == "skua":
            self.globals += " sandbox strict;" if not any(one.name == "sandbox" for one in top) else ""
            return text
        for one in top:
            if one.name == "http":
                at = text.index("{", one.start) + 1
                paths = " ".join(f"{name}_temp_path temp/{name};" for name in TEMPORARY
                                 if f"{name}_temp_path" not in text)
                return text[:at] + " " + paths + text[at:]
        return text

    def launch(self):
        program = NGINX if self.kind == "nginx" else SKUA
        wrapper = os.environ.get("WRAPPER", "").split() if self.kind == "skua" else []
        with open(self.dir / "output", "wb") as output:
            self.process = subprocess.Popen(
                wrapper + [program, "-p", f"{self.dir}/", "-c", "conf/nginx.conf", "-e", "logs/error.log",
                           "-g", self.globals],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.dir,
                env={**os.environ, "TZ": "UTC"}, process_group=0)

    def wait_until_it_listens(self):
        end = time.monotonic() + START_SECONDS
        waiting = list(self.ports.values())
        while waiting or self.process.poll() is not None:
            if self.process.poll() is not None:
                return False
            try:
                socket.create_connection(("127.0.0.1", waiting[0]), 5).close()
                waiting.pop(0)
            except OSError:
                if self.listens_on_v6(waiting[0]):
                    waiting.pop(0)
                elif time.monotonic() > end:
                    return False
                else:
                    time.sleep(0.004)
        return True

    @staticmethod
    def listens_on_v6(port):
        try:
            socket.create_connection(("::1", port), 5).close()
            return True
        except OSError:
            return False

    def messages(self):
        text = (self.dir / "output").read_text(errors="replace")
        logs = self.dir.glob("logs/*error*.log")
        return text + "".join(log.read_text(errors="replace") for log in logs)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def workers(self):
        """The process ids of its workers."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(path.read_text().rpartition(")")[2].split()[1])
                title = (path.parent / "cmdline").read_bytes()
            except OSError:
                continue
            if parent == self.process.pid and title.startswith((b"nginx: worker", b"skua: worker")):
                found.append(int(path.parent.name))
        return found

    # --- its logs

    def new_lines(self, name):
        """The lines that a log has got since the last mark()."""
        path = self.dir / name
        data = path.read_bytes() if path.exists() else b""
        return data[self.offsets.get(name, 0):]

    def mark(self, name, data):
        self.offsets[name] = self.offsets.get(name, 0) + len(data)


def unescape(text):
    """Bytes of a text with \\xNN in it."""
    import re
    return re.sub(rb"\\x([0-9a-fA-F]{2})", lambda match: bytes([int(match[1], 16)]),
                  text.encode())
