/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one hostile client does: the bytes it sends, in which pieces, what it does
 * between them and at their end, and how it reads. A script that is over waits
 * until the server closes the connection.
 *
 * A script depends on its seed alone, so that one that finds a fault can be made again.
 */
#ifndef SOAK_SCRIPT_H
#define SOAK_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Random numbers: the same ones for the same seed. */
struct rng {
	uint64_t state;
};
uint64_t rng_next(struct rng *rng);
unsigned rng_below(struct rng *rng, unsigned limit); /* 0 … limit - 1; the limit is not 0 */

enum act {
	ACT_SEND, /* up to `to`, in pieces of `piece` bytes with `ms` between them */
	ACT_URGENT, /* one byte of urgent data */
	ACT_PAUSE, /* for `ms` */
	ACT_HALF_CLOSE,
	ACT_RESET, /* close with RST */
	ACT_CLOSE,
};

struct step {
	enum act act;
	size_t to, piece;
	int ms;
};

enum reading { READ_AT_ONCE, READ_SLOWLY, READ_NEVER };

enum { SCRIPT_STEPS = 24 };

struct script {
	char note[160]; /* for messages: what it is */
	char *bytes;
	size_t len, room;
	struct step steps[SCRIPT_STEPS];
	int count;
	enum reading reading;
	bool drips; /* what it sends gains it no time: its deadline runs from the beginning */
};

struct script *script_create(void);
void script_destroy(struct script *script);

/* Appends to what is to be sent. */
void script_add(struct script *script, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void script_fill(struct script *script, char byte, size_t count);

/* Appends a step. Further ones than SCRIPT_STEPS are left out. */
void script_step(struct script *script, struct step step);

/* How much of it the steps send so far. */
size_t script_sent(const struct script *script);

/* Steps that send everything: in one piece, or in pieces at random places with pauses. */
void script_send_all(struct script *script);
void script_send_in_pieces(struct script *script, struct rng *rng);

/* Appends to the note. */
void script_note(struct script *script, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A head, in its lengths; what is zero is as usual. */
struct head_shape {
	const char *host; /* NULL: "a" */
	const char *target; /* NULL: "/ok" */
	int empty_lines; /* before it */
	size_t line; /* of the request line, without its CRLF */
	size_t field; /* of the longest field line, without its CRLF */
	int fields; /* this many more fields, of the shortest form */
	size_t total; /* padded to this length by further fields; with the empty lines */
	bool is_complete;
};
void script_add_head(struct script *script, const struct head_shape *shape);

#endif
