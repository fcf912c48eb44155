/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/frames/hpack.h"

#include <errno.h>
#include <stdlib.h>

#include <config.h>

#include "http/frames/huffman.h"

#ifdef HAVE_NGHTTP2

#include <nghttp2/nghttp2.h>

/*
 * Most fields of a client that goes on asking are references to a table, and short literals that
 * are not indexed, such as :path. They do not change the table, so those that have come as a whole
 * are decoded here, since nghttp2 takes several times as long for them. Whatever else comes, also
 * what is not valid, is left to nghttp2.
 */
struct hpack_decoder {
	nghttp2_hd_inflater *inflater;
	bool is_within; /* nghttp2 has got the beginning of a representation */
	bool is_used; /* nghttp2 has got a part of the block, and is to learn of its end */
	bool has_field; /* the block has had a field: no size update may follow */
};

bool hpack_is_there(void)
{
	return true;
}

const char *hpack_library(void)
{
	return "nghttp2 " NGHTTP2_VERSION;
}

struct hpack_decoder *hpack_decoder_create(void)
{
	struct hpack_decoder *decoder = calloc(1, sizeof(*decoder));

	if (decoder && nghttp2_hd_inflate_new(&decoder->inflater) != 0) {
		free(decoder);
		return NULL;
	}
	huffman_init();
	return decoder;
}

void hpack_decoder_destroy(struct hpack_decoder *decoder)
{
	if (!decoder)
		return;
	nghttp2_hd_inflate_del(decoder->inflater);
	free(decoder);
}

enum {
	/* RFC 7541 section 6: the first bits of a representation, and those of its number. */
	INDEXED = 0x80,
	INDEX = 0x7f, /* with all of these bits set, more bytes follow */
	IS_NOT_LITERAL = 0xe0, /* or one that is indexed */
	NEVER_INDEXED = 0x10,
	NAME_INDEX = 0x0f,
	HUFFMAN = 0x80, /* section 5.2 */
	LENGTH = 0x7f,
	SIZE_UPDATE = 0x20,
	SIZE_UPDATE_BITS = 0xe0,
};

/* A reference to an entry by one byte. False: it is something else, or there is no such entry. */
static bool look_up(const struct hpack_decoder *decoder, struct str *input,
		    struct hpack_field *field)
{
	uint8_t byte = (uint8_t)input->data[0];
	const nghttp2_nv *nv;

	if (byte <= INDEXED || byte == (INDEXED | INDEX))
		return false;
	nv = nghttp2_hd_inflate_get_table_entry(decoder->inflater, byte & INDEX);
	if (!nv)
		return false;
	*field = (struct hpack_field){ .name = { (const char *)nv->name, nv->namelen },
				       .value = { (const char *)nv->value, nv->valuelen } };
	*input = str_skip(*input, 1);
	return true;
}

/*
 * A literal that is not indexed, has its name from the table, and a value of less than LENGTH
 * bytes, all of which are there. False: it is something else, or not valid.
 */
static bool read_literal(const struct hpack_decoder *decoder, struct str *input,
			 struct hpack_field *field)
{
	static char decoded[HUFFMAN_MOST * LENGTH];
	struct str rest = *input, value;
	uint8_t first = (uint8_t)rest.data[0], head;
	size_t index = first & NAME_INDEX;
	const nghttp2_nv *nv;

	if (first & IS_NOT_LITERAL || rest.len < 3)
		return false;
	if (index == NAME_INDEX) {
		if ((uint8_t)rest.data[1] > INDEX)
			return false;
		index += (uint8_t)rest.data[1];
		rest = str_skip(rest, 1);
	}
	head = (uint8_t)rest.data[1];
	rest = str_skip(rest, 2);
	value = str_head(rest, head & LENGTH);
	if ((head & LENGTH) == LENGTH || value.len < (head & LENGTH))
		return false;
	rest = str_skip(rest, value.len);
	if (head & HUFFMAN) {
		char *end = huffman_put_usual(decoded, value);

		if (!end)
			return false;
		value = str_range(decoded, end);
	}
	nv = index ? nghttp2_hd_inflate_get_table_entry(decoder->inflater, index) : NULL;
	if (!nv)
		return false;
	*field = (struct hpack_field){ .name = { (const char *)nv->name, nv->namelen },
				       .value = value,
				       .is_sensitive = first & NEVER_INDEXED };
	*input = rest;
	return true;
}

/* By nghttp2. */
static int inflate(struct hpack_decoder *decoder, struct str *input, bool is_last,
		   struct hpack_field *field)
{
	nghttp2_nv nv;
	int flags = 0;

	decoder->is_used = true;

	ssize_t n = nghttp2_hd_inflate_hd2(decoder->inflater, &nv, &flags,
					   (const uint8_t *)input->data, input->len, is_last);

	if (n < 0)
		return -EBADMSG;
	*input = str_skip(*input, (size_t)n);
	if (flags & NGHTTP2_HD_INFLATE_EMIT) {
		*field = (struct hpack_field){
			.name = { (const char *)nv.name, nv.namelen },
			.value = { (const char *)nv.value, nv.valuelen },
			.is_sensitive = nv.flags & NGHTTP2_NV_FLAG_NO_INDEX,
		};
		decoder->is_within = false;
		decoder->has_field = true;
		return 1;
	}
	decoder->is_within = n > 0 || decoder->is_within;
	if (flags & NGHTTP2_HD_INFLATE_FINAL) {
		nghttp2_hd_inflate_end_headers(decoder->inflater);
		decoder->is_within = decoder->is_used = decoder->has_field = false;
	}
	return 0;
}

/* What is not a reference of one byte. It stays a call, so that those are decoded without it. */
static __attribute__((noinline)) int decode_other(struct hpack_decoder *decoder, struct str *input,
						   bool is_last, struct hpack_field *field)
{
	if (!input->len || decoder->is_within)
		return inflate(decoder, input, is_last, field);
	if (read_literal(decoder, input, field)) {
		decoder->has_field = true;
		return 1;
	}
	/* Section 4.2. nghttp2 does not know of the fields that were decoded here. */
	if (decoder->has_field && ((uint8_t)input->data[0] & SIZE_UPDATE_BITS) == SIZE_UPDATE)
		return -EBADMSG;
	return inflate(decoder, input, is_last, field);
}

int hpack_decode(struct hpack_decoder *decoder, struct str *input, bool is_last,
		 struct hpack_field *field)
{
	if (!input->len && !decoder->is_used) {
		decoder->has_field &= !is_last;
		return 0;
	}
	if (input->len && !decoder->is_within && look_up(decoder, input, field)) {
		decoder->has_field = true;
		return 1;
	}
	return decode_other(decoder, input, is_last, field);
}

enum { STATIC_ENTRIES = 61 };

size_t hpack_table_max(const struct hpack_decoder *decoder)
{
	return nghttp2_hd_inflate_get_max_dynamic_table_size(decoder->inflater);
}

size_t hpack_table_count(const struct hpack_decoder *decoder)
{
	return nghttp2_hd_inflate_get_num_table_entries(decoder->inflater) - STATIC_ENTRIES;
}

struct hpack_field hpack_table_entry(const struct hpack_decoder *decoder, size_t i)
{
	size_t index = STATIC_ENTRIES + hpack_table_count(decoder) - i;
	const nghttp2_nv *nv = nghttp2_hd_inflate_get_table_entry(decoder->inflater, index);

	return (struct hpack_field){ .name = { (const char *)nv->name, nv->namelen },
				     .value = { (const char *)nv->value, nv->valuelen } };
}

#else /* the program is built without HTTP/2 */

bool hpack_is_there(void)
{
	return false;
}

const char *hpack_library(void)
{
	return NULL;
}

struct hpack_decoder *hpack_decoder_create(void)
{
	return NULL;
}

void hpack_decoder_destroy(struct hpack_decoder *decoder)
{
	(void)decoder;
}

int hpack_decode(struct hpack_decoder *decoder, struct str *input, bool is_last,
		 struct hpack_field *field)
{
	(void)decoder, (void)input, (void)is_last, (void)field;
	return -EBADMSG;
}

size_t hpack_table_max(const struct hpack_decoder *decoder)
{
	(void)decoder;
	return 0;
}

size_t hpack_table_count(const struct hpack_decoder *decoder)
{
	(void)decoder;
	return 0;
}

struct hpack_field hpack_table_entry(const struct hpack_decoder *decoder, size_t i)
{
	(void)decoder, (void)i;
	return (struct hpack_field){ .name = { NULL, 0 } };
}

#endif
