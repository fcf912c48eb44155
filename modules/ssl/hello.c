/* SPDX-License-Identifier: BSD-2-Clause */
#include "hello.h"

#include <stdbool.h>
#include <stdint.h>

#include "records.h"

enum { CLIENT_HELLO = 1, MESSAGE_HEAD = 4, SERVER_NAME = 0, HOST_NAME = 0 };

/* Takes an unsigned number of `size` bytes off the front. False: there are too few bytes. */
static bool take_number(struct str *from, size_t size, size_t *out)
{
	if (from->len < size)
		return false;
	*out = 0;
	for (size_t i = 0; i < size; i++)
		*out = *out << 8 | (uint8_t)from->data[i];
	*from = str_skip(*from, size);
	return true;
}

/* Takes a vector whose length is a number of `size` bytes (section 3.4). */
static bool take_vector(struct str *from, size_t size, struct str *out)
{
	size_t len;

	if (!take_number(from, size, &len) || from->len < len)
		return false;
	*out = str_head(*from, len);
	*from = str_skip(*from, len);
	return true;
}

/* RFC 6066 section 3: a list of names, of which only host names were ever defined. */
static bool find_host_name(struct str list, struct str *name)
{
	struct str names, one;
	size_t type;

	if (!take_vector(&list, 2, &names) || list.len > 0)
		return false;
	while (names.len > 0) {
		if (!take_number(&names, 1, &type) || !take_vector(&names, 2, &one))
			return false;
		if (type == HOST_NAME) {
			if (one.len > HELLO_NAME_MAX)
				return false;
			*name = one;
			return true;
		}
	}
	return true;
}

static bool parse(struct str hello, struct str *name)
{
	struct str skipped, extensions, extension;
	size_t version, type;

	if (!take_number(&hello, 2, &version) || hello.len < 32)
		return false;
	hello = str_skip(hello, 32); /* random */
	if (!take_vector(&hello, 1, &skipped) || /* session id */
	    !take_vector(&hello, 2, &skipped) || /* cipher suites */
	    !take_vector(&hello, 1, &skipped)) /* compression methods */
		return false;
	if (hello.len == 0) /* before TLS 1.3 there may be no extensions */
		return true;
	if (!take_vector(&hello, 2, &extensions) || hello.len > 0)
		return false;
	while (extensions.len > 0) {
		if (!take_number(&extensions, 2, &type) || !take_vector(&extensions, 2, &extension))
			return false;
		if (type == SERVER_NAME)
			return find_host_name(extension, name);
	}
	return true;
}

enum hello_result hello_read(struct str bytes, char *scratch, struct str *name)
{
	size_t len = 0;

	*name = STR("");
	for (;;) {
		ssize_t record = record_length((const uint8_t *)bytes.data, bytes.len);

		if (record < 0 || (bytes.len > 0 && bytes.data[0] != RECORD_HANDSHAKE))
			return HELLO_INVALID;
		if (record == 0)
			return HELLO_MORE;

		struct str body = str_head(str_skip(bytes, RECORD_HEAD),
					   (size_t)record - RECORD_HEAD);

		if (body.len == 0 || body.len > HELLO_MAX - len)
			return HELLO_INVALID; /* section 5.1: no empty ones */
		str_put(scratch + len, body);
		len += body.len;
		bytes = str_skip(bytes, (size_t)record);

		struct str message = { scratch, len }, hello;

		if (message.data[0] != CLIENT_HELLO)
			return HELLO_INVALID;
		message = str_skip(message, 1);
		if (!take_vector(&message, 3, &hello))
			continue;
		if (parse(hello, name))
			return HELLO_COMPLETE;
		*name = STR("");
		return HELLO_INVALID;
	}
}
