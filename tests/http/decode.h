/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes ready-made files, and reads the bodies of encoded responses. */
#ifndef HTTP_DECODE_H
#define HTTP_DECODE_H

#include "harness/client.h"
#include "harness/memory.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <check.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

struct bytes {
	char *data;
	size_t len;
};

static inline struct bytes make_gzip(const char *text)
{
	struct bytes out = { memory_alloc(strlen(text) + 100), strlen(text) + 100 };
	z_stream stream = { .next_in = (Bytef *)text, .avail_in = (uInt)strlen(text),
			    .next_out = (Bytef *)out.data, .avail_out = (uInt)out.len };

	ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, 0), Z_OK);
	ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
	out.len = stream.total_out;
	deflateEnd(&stream);
	return out;
}

static inline struct bytes make_brotli(const char *text)
{
	struct bytes out = { memory_alloc(strlen(text) + 1000), strlen(text) + 1000 };

	ck_assert(BrotliEncoderCompress(9, 18, BROTLI_MODE_GENERIC, strlen(text),
					(const uint8_t *)text, &out.len, (uint8_t *)out.data));
	return out;
}

static inline struct bytes make_zstd(const char *text)
{
	struct bytes out = { memory_alloc(strlen(text) + 1000), strlen(text) + 1000 };

	out.len = ZSTD_compress(out.data, out.len, text, strlen(text), 9);
	ck_assert(!ZSTD_isError(out.len));
	return out;
}

enum { DECODED_MAX = 4 << 20 };

/*
 * What has come of the content, by Content-Encoding; the whole of it if is_whole. NUL follows.
 * It is valid until the next call.
 */
static inline const char *decode_some(const struct reply *reply, bool is_whole)
{
	const char *coding = reply_header(reply, "Content-Encoding");
	static char out[DECODED_MAX + 1];
	size_t len = 0;

	if (!coding)
		return reply->body;
	if (strcmp(coding, "gzip") == 0) {
		z_stream stream = { .next_in = (Bytef *)reply->body,
				    .avail_in = (uInt)reply->body_len,
				    .next_out = (Bytef *)out, .avail_out = DECODED_MAX };

		ck_assert_int_eq(inflateInit2(&stream, 31), Z_OK);
		int result = inflate(&stream, Z_SYNC_FLUSH);
		ck_assert_int_eq(result, is_whole ? Z_STREAM_END : Z_OK);
		ck_assert_uint_eq(stream.avail_in, 0);
		len = stream.total_out;
		inflateEnd(&stream);
	} else if (strcmp(coding, "br") == 0) {
		BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
		size_t in = reply->body_len, room = DECODED_MAX;
		const uint8_t *from = (const uint8_t *)reply->body;
		uint8_t *to = (uint8_t *)out;
		BrotliDecoderResult result = BrotliDecoderDecompressStream(state, &in, &from,
									   &room, &to, &len);

		ck_assert_int_eq(result, is_whole ? BROTLI_DECODER_RESULT_SUCCESS :
						    BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT);
		ck_assert_uint_eq(in, 0);
		BrotliDecoderDestroyInstance(state);
	} else {
		ZSTD_DCtx *state = ZSTD_createDCtx();
		ZSTD_inBuffer in = { reply->body, reply->body_len, 0 };
		ZSTD_outBuffer to = { out, DECODED_MAX, 0 };

		ck_assert_str_eq(coding, "zstd");
		size_t left = ZSTD_decompressStream(state, &to, &in);
		ck_assert(!ZSTD_isError(left) && (left == 0) == is_whole);
		ck_assert_uint_eq(in.pos, in.size);
		len = to.pos;
		ZSTD_freeDCtx(state);
	}
	out[len] = '\0';
	return out;
}

static inline const char *decode(const struct reply *reply)
{
	return decode_some(reply, true);
}

#endif
