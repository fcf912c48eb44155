/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/frames/hpack.h"

#include <errno.h>

#include <config.h>

#ifdef HAVE_NGHTTP2

#include <nghttp2/nghttp2.h>

/* A struct hpack_decoder is a nghttp2_hd_inflater. */

static nghttp2_hd_inflater *inflater_of(const struct hpack_decoder *decoder)
{
	return (nghttp2_hd_inflater *)decoder;
}

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
	nghttp2_hd_inflater *inflater;

	return nghttp2_hd_inflate_new(&inflater) == 0 ? (struct hpack_decoder *)inflater : NULL;
}

void hpack_decoder_destroy(struct hpack_decoder *decoder)
{
	if (decoder)
		nghttp2_hd_inflate_del(inflater_of(decoder));
}

int hpack_decode(struct hpack_decoder *decoder, struct str *input, bool is_last,
		 struct hpack_field *field)
{
	nghttp2_hd_inflater *inflater = inflater_of(decoder);
	nghttp2_nv nv;
	int flags = 0;
	ssize_t n = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, (const uint8_t *)input->data,
					   input->len, is_last);

	if (n < 0)
		return -EBADMSG;
	*input = str_skip(*input, (size_t)n);
	if (flags & NGHTTP2_HD_INFLATE_EMIT) {
		*field = (struct hpack_field){
			.name = { (const char *)nv.name, nv.namelen },
			.value = { (const char *)nv.value, nv.valuelen },
			.is_sensitive = nv.flags & NGHTTP2_NV_FLAG_NO_INDEX,
		};
		return 1;
	}
	if (flags & NGHTTP2_HD_INFLATE_FINAL)
		nghttp2_hd_inflate_end_headers(inflater);
	return 0;
}

enum { STATIC_ENTRIES = 61 };

size_t hpack_table_max(const struct hpack_decoder *decoder)
{
	return nghttp2_hd_inflate_get_max_dynamic_table_size(inflater_of(decoder));
}

size_t hpack_table_count(const struct hpack_decoder *decoder)
{
	return nghttp2_hd_inflate_get_num_table_entries(inflater_of(decoder)) - STATIC_ENTRIES;
}

struct hpack_field hpack_table_entry(const struct hpack_decoder *decoder, size_t i)
{
	size_t index = STATIC_ENTRIES + hpack_table_count(decoder) - i;
	const nghttp2_nv *nv = nghttp2_hd_inflate_get_table_entry(inflater_of(decoder), index);

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
