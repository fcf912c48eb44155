/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * HPACK (RFC 7541). In field blocks of clients, references to a table and short literals that are
 * not indexed are decoded here, and all else by the inflater of nghttp2, which keeps the table.
 * Blocks of responses are encoded here, as references to the static table and literals that are
 * not indexed: the encoder has no state, so that fields can be encoded in any order and kept, and a
 * connection can move to another process.
 */
#ifndef SKUA_HTTP_FRAMES_HPACK_H
#define SKUA_HTTP_FRAMES_HPACK_H

#include <stdbool.h>

#include <str.h>

/* Whether the program was built with nghttp2. Without it there are no decoders. */
bool hpack_is_there(void);

/* "nghttp2 1.52.0"; NULL: the program was built without it. */
const char *hpack_library(void);

struct hpack_decoder;

/* NULL: there is no memory. */
struct hpack_decoder *hpack_decoder_create(void);
void hpack_decoder_destroy(struct hpack_decoder *decoder); /* NULL is fine */

struct hpack_field {
	struct str name, value; /* valid until the next hpack_decode(), also of another decoder */
	bool is_sensitive; /* a literal that must never be indexed */
};

/*
 * Decodes the next field of a block. `*input` is the next part of the block, of which the
 * decoder takes the beginning; `is_last`: no further part follows. 1: *field is a field, and the
 * call has to be repeated; 0: the part, or the block if it was the last part, has ended; -EBADMSG:
 * the block is not valid, and no further block of the connection can be decoded.
 */
int hpack_decode(struct hpack_decoder *decoder, struct str *input, bool is_last,
		 struct hpack_field *field);

/*
 * The dynamic table, from its oldest entry to its newest: what another decoder has to be given
 * as literals with indexing to have the same table.
 */
size_t hpack_table_max(const struct hpack_decoder *decoder); /* its size, in bytes of RFC 7541 */
size_t hpack_table_count(const struct hpack_decoder *decoder);
struct hpack_field hpack_table_entry(const struct hpack_decoder *decoder, size_t i);

/* --- encoding: at `to`, returns the new end --- */

/* The most bytes that a field takes. */
static inline size_t hpack_size(struct str name, struct str value)
{
	return name.len + value.len + 16;
}

/* The field :status; a status from 100 to 999. At most 5 bytes. */
char *hpack_put_status(char *to, int status);

/* Names are written in lower case, as RFC 9113 section 8.2.1 demands. */
char *hpack_put(char *to, struct str name, struct str value);

/*
 * A string (section 5.2), which is not Huffman-coded. It stays a call in hpack_put_at(), where GCC
 * would warn of lengths that texts on the stack never have.
 */
__attribute__((noinline)) char *hpack_put_string(char *to, struct str value);

/*
 * The index in the static table of a name that the server itself writes, in its usual spelling; 0:
 * it is none of those. If the compiler knows the name, it knows the index, too.
 */
static inline __attribute__((always_inline)) unsigned hpack_index(struct str name)
{
	return str_eq(name, STR("Server"))         ? 54 :
	       str_eq(name, STR("Date"))           ? 33 :
	       str_eq(name, STR("Content-Type"))   ? 31 :
	       str_eq(name, STR("Content-Length")) ? 28 :
	       str_eq(name, STR("Last-Modified"))  ? 44 :
	       str_eq(name, STR("Location"))       ? 46 :
	       str_eq(name, STR("ETag"))           ? 34 :
						     0;
}

/* hpack_put() for a name with such an index. */
static inline char *hpack_put_at(char *to, unsigned index, struct str value)
{
	enum { LITERAL_BEYOND_14 = 0x0f, LONG = 0x7f }; /* sections 6.2.2, 5.1 and 5.2 */

	*to++ = LITERAL_BEYOND_14;
	*to++ = (char)(index - 15);
	if (value.len >= LONG)
		return hpack_put_string(to, value);
	*to++ = (char)value.len;
	return str_put_short(to, value);
}

/* The same with indexing, for hpack_table_entry(). */
char *hpack_put_indexed(char *to, struct str name, struct str value);

/* The size of the table of the peer's decoder from now on (section 6.3): at most 5 bytes. */
char *hpack_put_table_size(char *to, size_t size);

#endif
