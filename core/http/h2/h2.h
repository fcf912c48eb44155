/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HTTP/2 on a connection (RFC 9113). What is in here is for the files h2*.c.
 *
 * A connection goes round the same steps as one of HTTP/1 (http/h1/h1.h), but has many requests
 * at a time, each on a stream of its own:
 *
 *     receive   bytes from the socket into busy->in
 *     respond   frames are read off busy->in. The fields of a request are decoded as they come,
 *               into its pool; when its last field is there, the request runs through the
 *               phases. Requests whose response is complete stand in lists, by their priority,
 *               from which heads and slices of bodies are moved to busy->out, as long as that is
 *               short and windows allow
 *     send      busy->out to the socket; requests whose response has left are logged and
 *               destroyed
 *     wait      until when, and for what
 *
 * A stream is in exactly one of these states:
 *
 *     receiving   its fields come; busy->block.stream
 *     running     its request runs, or waits                   is_complete = false
 *     responding  in `heads_and_ends`, or in `ready` of its urgency, or waiting for its body or for
 *                 a window
 *     discarding  the body of its request still comes, and nobody reads it: the end of the
 *                 response is held back until all of it is there
 *     leaving     all of its response is in the output, or it was reset: in `leaving` until its
 *                 bytes have been sent, since they lie in the request's pool
 *
 * All states count for http2_max_concurrent_streams, so that a client that resets its requests
 * cannot have more of them than one that does not.
 *
 * The files, lowest first. A file calls only those above it in this list:
 *
 *     limits.c        counters, without a connection; the syntax is in http/frames
 *     h2_state.c      the memory of a connection, its streams from beginning to log
 *     h2_frames.c     frames that are not part of a response: acknowledgements, resets, windows
 *     h2_body.c       bodies of requests: DATA that has come, and who reads it
 *     h2_response.c   from a complete response to frames in the output; which one is next
 *     h2_request.c    from fields to a request that runs
 *     h2_settings.c   SETTINGS, WINDOW_UPDATE, PRIORITY_UPDATE: what clients change
 *     h2_receive.c    from the socket to the buffer, from there frame by frame to those above
 *     h2_move.c       to another process, and from another process
 *     h2_wait.c       what is waited for, and deadlines
 *     h2.c            the steps, and the table of functions that the loop calls
 *
 * An error that concerns the connection is noted by h2_fail(): the files return, and h2.c ends
 * the connection when GOAWAY has been sent.
 */
#ifndef SKUA_HTTP_H2_H2_H
#define SKUA_HTTP_H2_H2_H

#include "base/list.h"
#include "http/body/response_reader.h"
#include "http/frames/frames.h"
#include "http/frames/hpack.h"
#include "http/frames/limits.h"
#include "http/request/request_private.h"
#include "net/buffer.h"
#include "net/output.h"

enum {
	H2_BUCKETS = 64, /* of the table of streams */
	H2_RESETS_KNOWN = 64, /* streams that we have reset, frames for which may be on their way */
	H2_UPDATES_KNOWN = 256, /* PRIORITY_UPDATE for streams that have not begun */
	H2_QUANTUM = 16384, /* bytes of a response before it is the turn of the next one */
	/*
	 * How much is moved to the output before it is sent. A request that is more urgent than
	 * others can overtake what is not in the output yet.
	 */
	H2_QUEUED_MAX = 128 * 1024,
	H2_HELD_MAX = 64 * 1024, /* of memory that was made for a response alone */
	H2_FIELDS_MAX = 1024 * 1024, /* of fields of all requests; then new streams are refused */
	H2_ROOM_FOR_FRAMES = 12, /* places in the output that responses leave to other frames */
};

struct h2_stream {
	struct request_core core;
	struct h2_stream *next_in_bucket;
	struct list link; /* in busy->streams or busy->leaving */
	struct list ready; /* in busy->heads_and_ends, or in a list of busy->ready, if is_queued */
	struct list stalled; /* in busy->stalled, if deadline is not 0 */
	uint32_t id;
	struct priority priority;
	bool is_queued; /* in the list `ready` */
	uint32_t field_bytes; /* of its fields, decoded */
	bool is_running; /* its request was begun: it counts as one with a response under way */

	/* The body of its request; h2_body.c. */
	struct buffer *first, *last; /* what has come and was not read, by `next` */
	int64_t receive_window; /* bytes that the client may still send; may be below 0 */
	uint32_t unacknowledged; /* bytes that were read, and not yet given back to the window */
	int64_t body_left; /* of Content-Length; -1: there was none */
	int body_error; /* why it cannot be read on; 0: it can */
	bool body_is_over; /* END_STREAM has come */
	bool body_is_read; /* by a module, which waits until there is more of it */
	bool owes_continue; /* the status 100 is to be put into the output, as there is room */
	bool has_continued; /* it is there */

	/* Its response; h2_response.c. */
	struct response_reader reader; /* of the body, once is_complete */
	int64_t send_window;
	uint64_t sent_end; /* busy->out.queued behind the last of its frames */
	uint64_t queued; /* bytes of fields and data in the output so far */
	char *block_end; /* where its fields end, if a frame's head may follow them; or NULL */
	bool is_head; /* the client expects no body */
	bool is_complete; /* the response is there */
	bool has_head; /* its head is in the output */
	bool is_whole; /* END_STREAM is in the output */
	bool body_is_sent; /* all of its body is in the output, or it has none */
	bool discards; /* the rest of the request's body, before it sends the end of the response */
	bool is_reset; /* by RST_STREAM, of either side */

	int64_t discards_until; /* clock_ms(), if it discards: at the latest */
	int64_t deadline; /* clock_ms(): what is waited for has to come until then; 0: never */
};

static inline struct h2_stream *h2_stream(const struct request *req)
{
	while (req->parent)
		req = req->parent;
	return (struct h2_stream *)req;
}

/* A field block that is being received (h2_request.c). */
struct h2_block {
	uint32_t id; /* of its stream; 0: there is none */
	struct h2_stream *stream; /* NULL: it is decoded and discarded */
	bool is_trailers;
	bool ends_stream;
	bool saw_regular; /* a field that is not a pseudo-header field: no more of those may come */
	bool is_malformed; /* the stream is reset (RFC 9113 section 8.1.1) */
	int status; /* to refuse the request with; 0: none */
	uint32_t frames;
	uint64_t received; /* bytes, encoded */
	uint64_t size; /* bytes as lines of HTTP/1 */
	int64_t lines;
	struct str method, scheme, authority, path;
	struct str priority; /* the field; empty: there was none */
	struct header *cookies, *last_cookie; /* fields of that name, to be joined */
	size_t cookie_bytes;
	int64_t deadline; /* clock_ms() */
};

/*
 * An authority, and the server that its name has led to: clients ask for the same one most times.
 * It is not kept if regular expressions have captured something, which each request needs.
 */
struct h2_authority {
	char text[62];
	uint8_t len; /* 0: there is none */
	uint8_t host_len; /* without the port */
	const struct http_server *server;
};

/*
 * What a connection has only while it is busy: while there is a stream, a part of a frame, or
 * something to send. Without it an idle connection is small.
 */
struct h2_busy {
	struct buffer *in; /* NULL: nothing is buffered */
	bool eof; /* the client has sent its end */
	int64_t input_deadline; /* for the rest of the frame that has begun; 0: none has */

	/* h2_receive.c: the frame that is being read. */
	bool in_frame;
	bool has_first_part; /* what stands before its data or fields has been read */
	struct frame frame;
	uint32_t left; /* bytes of its payload that have not been read */
	uint32_t padding; /* the last ones of them */

	struct h2_block block;
	struct h2_authority authority; /* of the last request */
	struct h2_stream *table[H2_BUCKETS];
	struct list streams, leaving;
	uint32_t count; /* of streams, in either list */
	uint64_t field_bytes; /* of these streams */
	struct list heads_and_ends; /* complete responses whose next frame needs no window */
	struct {
		struct list in_order, incremental;
		bool was_in_order; /* the last slice came from that list */
	} ready[URGENCIES];
	struct list stalled;
	int64_t window_deadline; /* as is the window of the connection */

	struct output out;
	int64_t send_deadline; /* the socket is full until then; 0: it is not */
	bool is_responding; /* the step "respond" runs */
	bool owes_frames; /* h2_put_owed() has something to do */
	bool input_waits; /* frames are not read, since there was no room in the output */

	struct h2_busy *next; /* while it is spare */
};

/* PRIORITY_UPDATE for streams that have not begun. */
struct h2_updates {
	unsigned count;
	struct h2_update {
		uint32_t id;
		struct priority priority;
	} items[H2_UPDATES_KNOWN];
};

/* conn->state: what each connection has all the time. */
struct h2 {
	struct conn *conn;
	struct h2_busy *busy; /* NULL: idle or lingering */
	struct h2_updates *updates; /* NULL: there are none */
	const struct http_conf *conf; /* of the default server */
	struct hpack_decoder *decoder;
	struct limits limits;

	/* What our SETTINGS have said, which a reload does not change. */
	uint32_t streams; /* http2_max_concurrent_streams */
	uint32_t window; /* http2_body_preread_size: of each stream */

	uint32_t last_stream; /* the highest that the client has begun */
	uint32_t peer_window; /* SETTINGS_INITIAL_WINDOW_SIZE of the client */
	int64_t send_window; /* of the connection, as is the next one */
	int64_t receive_window;
	uint32_t unacknowledged; /* bytes that were consumed, not yet given back to the window */
	uint8_t preface_read; /* bytes of the client's preface */
	bool saw_settings; /* the first frame of the client, which is SETTINGS */
	bool is_acknowledged; /* the client knows our settings */
	bool table_is_cut; /* its table has to be emptied: the next block begins with that */
	bool table_is_empty; /* that was said */

	uint32_t resets[H2_RESETS_KNOWN]; /* streams that we have reset, a ring */
	unsigned resets_at;

	/* The end (h2_frames.c). */
	bool drain_is_wanted; /* the first GOAWAY is to be sent */
	bool draining; /* it has been sent */
	bool is_last; /* the final one: streams beyond last_stream are not served */
	bool has_failed; /* it named an error: nothing is read any more */
	uint32_t last_served; /* what the final one has named */
	int64_t drain_deadline; /* clock_ms(): when the final one is sent at the latest */
	int64_t linger_until; /* clock_ms(); 0: not lingering */
};

/* --- h2_state.c --- */

/* The state of a new connection, which becomes conn->state. NULL: there is no memory. */
struct h2 *h2_create(struct conn *conn);
void h2_destroy(struct h2 *h2); /* NULL is fine */

/* Gives the connection h2->busy, if it has none. NULL: there is no memory. */
struct h2_busy *h2_become_busy(struct h2 *h2);

/* Forgets updates of priorities for streams that have begun. */
void h2_trim_updates(struct h2 *h2);

/* Logs and destroys all requests, then gives h2->busy back. */
void h2_release_busy(struct h2 *h2, int status);

/* A new stream of the default server. */
struct h2_stream *h2_begin_stream(struct h2 *h2, uint32_t id);
struct h2_stream *h2_find_stream(const struct h2_busy *busy, uint32_t id); /* NULL: none */

/*
 * Whether the next frame of the response needs an open window. Its head does not, nor what ends it
 * after all of its body: an empty DATA frame or trailers (RFC 9113 section 6.9.1).
 */
static inline bool h2_needs_window(const struct h2_stream *stream)
{
	const struct response_reader *reader = &stream->reader;

	return stream->has_head && !stream->body_is_sent &&
	       (reader->length < 0 || reader->bytes < (uint64_t)reader->length);
}

/* The stream is chosen for the output when it is its turn. */
void h2_queue_stream(struct h2_busy *busy, struct h2_stream *stream);

/* It is not to be chosen for the output until h2_queue_stream(). */
void h2_unqueue_stream(struct h2_stream *stream);

/* When what the stream waits for has to come; clock_ms(), 0: it does not wait. */
void h2_set_deadline(struct h2_busy *busy, struct h2_stream *stream, int64_t deadline);

/* Whether the client may still send something on the stream that counts. */
static inline bool h2_is_open(const struct h2_stream *stream)
{
	return !stream->is_reset && (!stream->is_whole || stream->discards);
}

/* Discards what has come of the body of its request. */
void h2_discard_body(struct h2 *h2, struct h2_stream *stream);

/*
 * Nothing more is sent or received on the stream. What its request does ends at once; its memory
 * is kept until its frames have left.
 */
void h2_end_stream(struct h2 *h2, struct h2_stream *stream);

/* Logs and destroys the requests whose frames have left. */
void h2_finish_sent(struct h2 *h2);

/* --- h2_frames.c --- */

/* Whether there is room for frames that answer what clients send. */
bool h2_has_room(const struct h2_busy *busy);

/* Put frames into the output. */
void h2_put_settings(struct h2 *h2); /* ours, and the window of the connection */
void h2_put_settings_ack(struct h2 *h2);
void h2_put_ping(struct h2 *h2, const char *bytes, bool is_ack); /* of 8 bytes */
void h2_put_window_update(struct h2 *h2, uint32_t id, uint32_t bytes);
void h2_put_continue(struct h2 *h2, uint32_t id); /* the head 100 (Continue) */

/* Resets the stream, and ends it. */
void h2_reset_stream(struct h2 *h2, struct h2_stream *stream, enum h2_error error);

/* Answers a frame for a stream that is not there any more. */
void h2_refuse_stream(struct h2 *h2, uint32_t id, enum h2_error error);
bool h2_was_reset(const struct h2 *h2, uint32_t id);

/* The connection ends because of an error of the client: GOAWAY, and a line in the log. */
void h2_fail(struct h2 *h2, enum h2_error error, const char *why);

/*
 * The connection ends when its streams have ended. h2_begin_drain() says so to the client, which
 * may still begin streams; h2_end_drain(), a round trip later, which streams are served.
 */
void h2_begin_drain(struct h2 *h2);
void h2_end_drain(struct h2 *h2);

/* --- h2_body.c --- */

/* Bytes of DATA have come: of the stream, or (NULL) of none that wants them. */
void h2_take_data(struct h2 *h2, struct h2_stream *stream, struct str data);

/*
 * So many bytes do not have to be held any longer: opens the windows of the connection and, if
 * it is not NULL, of the stream again.
 */
void h2_give_back(struct h2 *h2, struct h2_stream *stream, size_t bytes);

/*
 * Receives the rest of the request's body, which nobody reads, until lingering_time or
 * lingering_timeout is over. A response that is not whole ends after that.
 */
void h2_begin_discarding(struct h2 *h2, struct h2_stream *stream);

/* The request has no more body, or (error) it is not received any further. */
void h2_end_body(struct h2 *h2, struct h2_stream *stream);
void h2_fail_body(struct h2 *h2, struct h2_stream *stream, int error);

/* The client has sent its end: responses whose end waits for a body are sent. */
void h2_end_bodies(struct h2 *h2);

/* Windows that are open again, and the status 100: puts what had no room when it was due. */
void h2_put_owed(struct h2 *h2);

/* struct protocol, .read_body */
int h2_read_body(struct request *req, size_t max, struct slice *out);

/* --- h2_response.c --- */

/* struct request_core, .complete; `data` is the struct h2. */
void h2_complete(struct request *req, void *data);

/* Moves one piece of a response to the output. False: nothing can be moved now. */
bool h2_move_piece(struct h2 *h2);

/* Whether h2_move_piece() could move something if the output were empty. */
bool h2_has_pieces(const struct h2 *h2);

/* Whether it could if the window of the connection were open. */
bool h2_waits_for_window(const struct h2 *h2);

/* --- h2_request.c --- */

/* HEADERS: a field block begins. `priority` has what PRIORITY_UPDATE has said. */
void h2_begin_block(struct h2 *h2, const struct frame *frame);

/* The next bytes of it; `is_last`: it ends here, and the request, if there is one, runs. */
void h2_take_block(struct h2 *h2, struct str bytes, bool is_last);

/* --- h2_settings.c: what frames of the client say --- */

void h2_take_settings(struct h2 *h2, struct str payload);
void h2_take_settings_ack(struct h2 *h2);
void h2_take_window_update(struct h2 *h2, uint32_t id, uint32_t bytes);
void h2_take_priority_update(struct h2 *h2, struct str payload);

/* --- h2_receive.c --- */

/* Reads once from the socket. False: the client is gone, or there is no memory. */
bool h2_receive_once(struct h2 *h2);
void h2_received(struct h2 *h2, size_t n);
bool h2_may_receive(const struct h2 *h2);

/* Handles one frame, or a part of one. False: more bytes are needed, or room in the output. */
bool h2_read_frame(struct h2 *h2);

/* --- h2_move.c --- */

/* Nothing is under way, so that the connection can move. */
bool h2_is_between_requests(const struct h2 *h2);

/* struct protocol, .export. */
bool h2_export(const struct conn *conn, struct conn_past *past);

/* Continues a new connection where another process has left it. False: close it. */
bool h2_resume(struct h2 *h2, const struct conn_past *past);

/* --- h2_wait.c --- */

/* As h1_wait(), h1_has_expired(), h1_linger() of http/h1/h1.h. */
bool h2_wait(struct h2 *h2);
bool h2_has_expired(struct h2 *h2);
bool h2_linger(struct h2 *h2);

#endif
