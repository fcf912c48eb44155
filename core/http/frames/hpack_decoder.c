/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/frames/hpack.h"

#include <errno.h>
#include <stdlib.h>

#include <config.h>

#ifdef HAVE_NGHTTP2

#include <nghttp2/nghttp2.h>

/*
 * Most fields of a client that goes on asking are references to a table, which change nothing.
 * They are looked up here, since nghttp2 takes several times as long for them; all others are
 * decoded by nghttp2.
 */
struct hpack_decoder {
	nghttp2_hd_inflater *inflater;
	bool is_within; /* nghttp2 has got the beginning of a representation */
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
	SIZE_UPDATE = 0x20,
	SIZE_UPDATE_BITS = 0xe0,
};

/* A reference to an entry by one byte. False: it is something else, or there is no such entry. */
static bool look_up(const struct hpack_decoder *decoder, uint8_t byte, struct hpack_field *field)
{
	const nghttp2_nv *nv;

	if (decoder->is_within || byte <= INDEXED || byte == (INDEXED | INDEX))
		return false;
	nv = nghttp2_hd_inflate_get_table_entry(decoder->inflater, byte & INDEX);
	if (!nv)
		return false;
	*field = (struct hpack_field){ .name = { (const char *)nv->name, nv->namelen },
				       .value = { (const char *)nv->value, nv->valuelen } };
	return true;
}

int hpack_decode(struct hpack_decoder *decoder, struct str *input, bool is_last,
		 struct hpack_field *field)
{
	nghttp2_nv nv;
	int flags = 0;
	uint8_t byte = input->len ? (uint8_t)input->data[0] : 0;

	if (input->len && look_up(decoder, byte, field)) {
		decoder->has_field = true;
		*input = str_skip(*input, 1);
		return 1;
	}
	/* Section 4.2. nghttp2 does not know of the fields that were looked up. */
	if (input->len && !decoder->is_within && decoder->has_field &&
	    (byte & SIZE_UPDATE_BITS) == SIZE_UPDATE)
		return -EBADMSG;

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
		decoder->is_within = decoder->has_field = false;
	}
	return 0;
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
