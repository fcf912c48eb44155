#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Talks to 127.0.0.1:PORT (argument 1) by the library hyper-h2, which checks each frame that comes.

Argument 2 is "tls" or "plain". Prints "fine" at the end; what is wrong is an exception.
"""

import socket
import ssl
import sys

import h2.config
import h2.connection
import h2.events
import h2.settings


class Client:
    def __init__(self, port, is_tls):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        if is_tls:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
            assert self.socket.selected_alpn_protocol() == "h2"
        self.scheme = "https" if is_tls else "http"
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.events = []
        self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def receive(self):
        data = self.socket.recv(65536)
        assert data, "the server has closed the connection"
        events = self.h2.receive_data(data)
        for event in events:
            if isinstance(event, h2.events.DataReceived):
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        self.events += events
        self.flush()

    def begin(self, path, method="GET", fields=(), ends=True):
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, [(":method", method), (":scheme", self.scheme),
                                      (":authority", "localhost"), (":path", path), *fields],
                             end_stream=ends)
        self.flush()
        return stream

    def of(self, stream, kind):
        return [e for e in self.events
                if isinstance(e, kind) and getattr(e, "stream_id", None) == stream]

    def upload(self, stream, data):
        """Sends it as windows open."""
        while data:
            room = min(self.h2.local_flow_control_window(stream),
                       self.h2.max_outbound_frame_size, len(data))
            if not room:
                self.receive()
                continue
            self.h2.send_data(stream, data[:room])
            data = data[room:]
            self.flush()

    def wait(self, stream):
        """The status, the fields and the body of a response."""
        while not self.of(stream, h2.events.StreamEnded):
            assert not self.of(stream, h2.events.StreamReset), "the stream was reset"
            self.receive()
        fields = dict(self.of(stream, h2.events.ResponseReceived)[0].headers)
        body = b"".join(e.data for e in self.of(stream, h2.events.DataReceived))
        return int(fields[":status"]), fields, body


def main():
    client = Client(int(sys.argv[1]), sys.argv[2] == "tls")

    # Several at a time, the later ones through the tables of HPACK.
    streams = [client.begin(path) for path in ("/large", "/none", "/small", "/large", "/small")]
    answers = [client.wait(stream) for stream in streams]
    assert [answer[0] for answer in answers] == [200, 404, 200, 200, 200]
    assert answers[0][2] == answers[3][2] and len(answers[0][2]) == 1000000
    assert answers[2][2] == b"hello"
    small = answers[2][1]

    status, fields, body = client.wait(client.begin("/small", "HEAD"))
    assert (status, fields["content-length"], body) == (200, "5", b"")
    status, fields, body = client.wait(client.begin("/small", fields=[("range", "bytes=1-3")]))
    assert (status, fields["content-range"], body) == (206, "bytes 1-3/5", b"ell")
    status, _, body = client.wait(
        client.begin("/small", fields=[("if-none-match", small["etag"])]))
    assert (status, body) == (304, b"")

    # An upload that nobody reads, larger than the windows; its trailers; 100 (Continue).
    stream = client.begin("/unread", "POST", ends=False)
    client.upload(stream, bytes(400000))
    client.h2.send_headers(stream, [("x-sum", "0")], end_stream=True)
    client.flush()
    assert client.wait(stream)[::2] == (200, b"ok")

    # Settings that change while a response is under way, a stream that is cancelled, PING.
    stream, cancelled = client.begin("/large"), client.begin("/large")
    client.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 200000,
                               h2.settings.SettingCodes.HEADER_TABLE_SIZE: 0,
                               h2.settings.SettingCodes.MAX_FRAME_SIZE: 100000})
    client.h2.reset_stream(cancelled, 8)
    client.h2.ping(b"abcdefgh")
    client.flush()
    assert len(client.wait(stream)[2]) == 1000000
    while not any(isinstance(e, h2.events.PingAckReceived) for e in client.events):
        client.receive()
    assert client.wait(client.begin("/small"))[2] == b"hello"
    client.h2.close_connection()
    client.flush()
    client.socket.close()
    print("fine")


main()
