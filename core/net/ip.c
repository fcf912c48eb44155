/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses as bytes and as text; the contracts are in include/ip.h. */
#include <ip.h>

#include <arpa/inet.h>
#include <assert.h>

static_assert(IP_TEXT_SIZE == INET6_ADDRSTRLEN, "ip.h knows it without <arpa/inet.h>");

/* inet_pton(3) wants a NUL behind the address. */
bool ip_parse(struct str text, struct ip *out)
{
	char copy[IP_TEXT_SIZE];

	if (text.len >= sizeof(copy) || str_chr(text, '\0') >= 0)
		return false;
	*str_put(copy, text) = '\0';
	out->len = str_chr(text, ':') < 0 ? 4 : 16;
	return inet_pton(out->len == 4 ? AF_INET : AF_INET6, copy, out->bytes) == 1;
}

char *ip_put(char *to, struct str bytes)
{
	if (bytes.len == 0)
		return str_put(to, STR("unix:"));
	inet_ntop(bytes.len == 4 ? AF_INET : AF_INET6, bytes.data, to, IP_TEXT_SIZE);
	return to + strlen(to);
}

struct str ip_text(struct pool *pool, struct str bytes)
{
	char text[IP_TEXT_SIZE];

	return pool_strdup(pool, str_range(text, ip_put(text, bytes)));
}

struct str ip_unmapped(struct str bytes)
{
	static const char prefix[12] = { [10] = '\xff', [11] = '\xff' };

	if (bytes.len == 16 && memcmp(bytes.data, prefix, sizeof(prefix)) == 0)
		return str_skip(bytes, sizeof(prefix));
	return bytes;
}
