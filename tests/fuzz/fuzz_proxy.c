/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of the PROXY protocol. What its beginning is refused for, all of it is; what
 * is complete says the same with more bytes behind it; nothing is read beyond the bytes.
 */
#include <assert.h>
#include <stdlib.h>

#include "../../modules/proxy_protocol/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned sum;

static void read_tlvs(const struct proxy_header *header)
{
	struct str value, inner;
	uint32_t verify;

	for (unsigned type = 0; type < 256; type++)
		if (tlv_find(header->tlvs, type, &value)) {
			assert(value.data + value.len <= header->tlvs.data + header->tlvs.len);
			for (size_t i = 0; i < value.len; i++)
				sum += (unsigned char)value.data[i];
		}
	if (tlv_find(header->tlvs, TLV_SSL, &value) && tlv_ssl_split(value, &verify, &inner) &&
	    tlv_find(inner, TLV_SSL_CN, &value))
		sum += (unsigned)value.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_header header;
	enum preface_verdict last = PREFACE_MORE;
	size_t len, complete = 0;
	const char *why = NULL;

	if (size > PREFACE_MAX)
		size = PREFACE_MAX;
	for (size_t have = 1; have <= size; have++) {
		/* In memory of its own, so that a sanitizer sees what is read beyond it. */
		char *copy = memcpy(malloc(have), data, have);
		enum preface_verdict result =
			proxy_header_parse((struct str){ copy, have }, &header, &len, &why);

		if (last != PREFACE_MORE)
			assert(result == last);
		if (result == PREFACE_DONE) {
			assert(len <= have && (!complete || len == complete));
			complete = len;
			read_tlvs(&header);
		}
		assert(result != PREFACE_REFUSED || why);
		last = result;
		free(copy);
		/* A few more bytes than the header has are enough. */
		if (complete && have > complete + 8)
			break;
	}
	return 0;
}
