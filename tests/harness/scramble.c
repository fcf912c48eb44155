/* SPDX-License-Identifier: BSD-2-Clause */
#include "harness/scramble.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/memory.h"
#include "modules/scramble/wire.h"

struct scramble {
	struct wire wire;
	struct key in, out;
	uint32_t records; /* that were sealed */
	uint32_t acknowledged;
	struct wire_bytes raw;
};

static const char *conf(const char *text)
{
	char *out = wire_listen(text, "scrambled");
	const char *copy = memory_printf("%s", out);

	free(out);
	return copy;
}

static void init(struct wire *wire)
{
	struct scramble *s = (struct scramble *)wire;
	static uint32_t last_seed = 0x01020304;
	uint32_t seed = last_seed += 0x10001;

	s->in = (struct key){ .seed = seed, .direction = FROM_SERVER };
	s->out = (struct key){ .seed = seed, .direction = FROM_CLIENT };
	memcpy(wire_add_room(&wire->unsent, SEED_LEN), &seed, SEED_LEN);
	wire->unsent.len = SEED_LEN;
}

static void finish(struct wire *wire)
{
	free(((struct scramble *)wire)->raw.data);
}

static void put(struct scramble *s, enum record_type type, const void *bytes, size_t len)
{
	char *to = wire_add_room(&s->wire.unsent, RECORD_HEAD + len);

	s->wire.unsent.len += record_put(&s->out, to, type, bytes, len);
	s->records++;
}

/* In records of many lengths. */
static void seal(struct wire *wire, const char *bytes, size_t len)
{
	struct scramble *s = (struct scramble *)wire;

	while (len) {
		size_t some = s->records % 4 ? 1 + s->records * 97 % RECORD_MAX : RECORD_MAX;

		some = some < len ? some : len;
		put(s, RECORD_DATA, bytes, some);
		bytes += some;
		len -= some;
	}
}

static void seal_end(struct wire *wire)
{
	put((struct scramble *)wire, RECORD_END, NULL, 0);
}

static void take(struct scramble *s, enum record_type type, const char *bytes, size_t len)
{
	uint32_t records;

	ck_assert_msg(!s->wire.has_ended, "a record behind the end");
	switch (type) {
	case RECORD_DATA:
		memcpy(wire_add_room(&s->wire.opened, len), bytes, len);
		s->wire.opened.len += len;
		return;
	case RECORD_ACK:
		memcpy(&records, bytes, sizeof(records));
		ck_assert_uint_eq(records, s->acknowledged += ACK_EVERY);
		ck_assert_uint_le(records, s->records);
		return;
	case RECORD_ASK:
		put(s, RECORD_GRANT, NULL, 0);
		return;
	case RECORD_END:
		s->wire.has_ended = true;
		return;
	default:
		ck_abort_msg("the server has sent a record of type %d", type);
	}
}

static void open_records(struct wire *wire, const char *bytes, size_t len)
{
	struct scramble *s = (struct scramble *)wire;
	size_t size;

	memcpy(wire_add_room(&s->raw, len), bytes, len);
	s->raw.len += len;
	while (s->raw.len >= RECORD_HEAD) {
		enum record_type type = record_head(&s->in, s->raw.data, &size);

		ck_assert_msg(size <= RECORD_MAX, "what the server has sent is no record");
		if (s->raw.len < RECORD_HEAD + size)
			break;
		key_apply(&s->in, s->raw.data, RECORD_HEAD + size);
		take(s, type, s->raw.data + RECORD_HEAD, size);
		wire_drop(&s->raw, RECORD_HEAD + size);
	}
}

const struct wire_type scramble_wire = {
	.size = sizeof(struct scramble),
	.scheme = "https",
	.conf = conf,
	.init = init,
	.finish = finish,
	.seal = seal,
	.seal_end = seal_end,
	.open = open_records,
};
