/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/coding/whole.h"

#include <errno.h>
#include <stdlib.h>

enum { GAIN_PERCENT = 5 };

size_t encode_whole_max(size_t length)
{
	return length - length * GAIN_PERCENT / 100;
}

int encode_whole(const struct coding *coding, int level, struct str in, struct str *out)
{
	size_t room = encode_whole_max(in.len);
	void *stream = coding->begin(level, (int64_t)in.len);
	char *bytes = stream ? malloc(room ? room : 1) : NULL, *to = bytes;
	int result = bytes ? coding->encode(stream, CODING_END, &in, &to, bytes + room) : -ENOMEM;

	if (stream)
		coding->end(stream);
	if (result != 1) {
		free(bytes);
		return result;
	}
	size_t len = (size_t)(to - bytes);
	char *smaller = realloc(bytes, len ? len : 1);
	*out = (struct str){ smaller ? smaller : bytes, len };
	return 1;
}
