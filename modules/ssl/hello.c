/* SPDX-License-Identifier: BSD-2-Clause */
#include "hello.h"

#include <stdbool.h>
#include <stdint.h>

#include "records.h"

enum { CLIENT_HELLO = 1, MESSAGE_HEAD = 4, HOST_NAME = 0 };

/* Extensions. */
enum { SERVER_NAME = 0, PRE_SHARED_KEY = 41, SUPPORTED_VERSIONS = 43, KEY_SHARE = 51 };

enum { TLS_1_3 = 0x0304 };

enum { P256 = 23, X25519 = 29, X25519_MLKEM768 = 4588 }; /* groups */

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

/* Section 4.2.8. Values of RFC 8701 (GREASE) stand for no group. */
static bool has_quick_shares(struct str list)
{
	struct str shares, share;
	size_t group;

	if (!take_vector(&list, 2, &shares))
		return false;
	while (shares.len > 0) {
		if (!take_number(&shares, 2, &group) || !take_vector(&shares, 2, &share))
			return false;
		if (group != X25519 && group != P256 && group != X25519_MLKEM768 &&
		    (group & 0x0f0f) != 0x0a0a)
			return false;
	}
	return true;
}

/* Section 4.2.11: the ticket, if the client offers one session. Looking for many takes long. */
static struct str only_identity(struct str list)
{
	struct str identities, identity;
	size_t age;
	bool is_only = take_vector(&list, 2, &identities) &&
		       take_vector(&identities, 2, &identity) &&
		       take_number(&identities, 4, &age) && identities.len == 0;

	return is_only ? identity : STR("");
}

/* Section 4.2.1. */
static bool offers_tls13(struct str list)
{
	struct str versions;
	size_t version;

	if (!take_vector(&list, 1, &versions))
		return false;
	while (take_number(&versions, 2, &version))
		if (version == TLS_1_3)
			return true;
	return false;
}

static bool parse(struct str message, struct hello *hello)
{
	struct str skipped, extensions, extension;
	size_t version, type;
	bool is_tls13 = false, is_quick = false;

	if (!take_number(&message, 2, &version) || message.len < 32)
		return false;
	message = str_skip(message, 32); /* random */
	if (!take_vector(&message, 1, &skipped) || /* session id */
	    !take_vector(&message, 2, &skipped) || /* cipher suites */
	    !take_vector(&message, 1, &skipped)) /* compression methods */
		return false;
	if (message.len == 0) /* before TLS 1.3 there may be no extensions */
		return true;
	if (!take_vector(&message, 2, &extensions) || message.len > 0)
		return false;
	while (extensions.len > 0) {
		if (!take_number(&extensions, 2, &type) || !take_vector(&extensions, 2, &extension))
			return false;
		if (type == SERVER_NAME && !find_host_name(extension, &hello->name))
			return false;
		if (type == PRE_SHARED_KEY)
			hello->quick_ticket = only_identity(extension);
		is_tls13 |= type == SUPPORTED_VERSIONS && offers_tls13(extension);
		is_quick |= type == KEY_SHARE && has_quick_shares(extension);
	}
	if (!is_tls13 || !is_quick)
		hello->quick_ticket = STR("");
	return true;
}

enum hello_result hello_read(struct str bytes, char *scratch, struct hello *hello)
{
	const struct hello empty = { .name = STR(""), .quick_ticket = STR("") };
	size_t len = 0;

	*hello = empty;
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

		struct str message = { scratch, len }, content;

		if (message.data[0] != CLIENT_HELLO)
			return HELLO_INVALID;
		message = str_skip(message, 1);
		if (!take_vector(&message, 3, &content))
			continue;
		if (parse(content, hello)) {
			if (len > body.len || bytes.len > 0)
				hello->quick_ticket = STR("");
			return HELLO_COMPLETE;
		}
		*hello = empty;
		return HELLO_INVALID;
	}
}
