/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses: from the text of a listen directive, and back into text. */
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ip.h>
#include <netdb.h>
#include <pool.h>

#include "net/listener.h"

enum { DEFAULT_PORT = 80 };

/* "8080", or "8000-8003": the first port and how many there are. */
static int parse_ports(struct str text, in_port_t *port, unsigned *count, const char **why)
{
	bool is_range = str_chr(text, '-') >= 0;
	struct str last_text = text, first_text = str_split(&last_text, '-');
	uint64_t first, last;

	if (str_to_u64(first_text, 65535, &first) < 0 ||
	    (is_range && (str_to_u64(last_text, 65535, &last) < 0 || first == 0))) {
		*why = "a port is a number from 1 to 65535 (or 0: the kernel chooses), a range of "
		       "ports two of them: 8000-8003";
		return -EINVAL;
	}
	if (is_range && last < first) {
		*why = "the range of ports ends before it begins";
		return -EINVAL;
	}
	*port = htons((in_port_t)first);
	*count = is_range ? (unsigned)(last - first) + 1 : 1;
	return 0;
}

static int parse_unix(struct str path, struct listener *out, const char **why)
{
	struct sockaddr_un *un = &out->address.un;

	if (path.len == 0 || path.len >= sizeof(un->sun_path)) {
		*why = "the path of a unix socket has 1 to 107 bytes";
		return -EINVAL;
	}
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path.data, path.len);
	out->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.len + 1);
	return 0;
}

static int parse_ipv6(struct str text, struct listener *out, unsigned *ports, const char **why)
{
	ssize_t end = str_chr(text, ']');
	struct sockaddr_in6 *in6 = &out->address.in6;
	struct ip ip;

	if (end < 0) {
		*why = "\"]\" is missing after the IPv6 address";
		return -EINVAL;
	}
	struct str rest = str_skip(text, (size_t)end + 1);

	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(DEFAULT_PORT);
	out->address_len = sizeof(*in6);
	if (!ip_parse(str_skip(str_head(text, (size_t)end), 1), &ip) || ip.len != 16) {
		*why = "this is not an IPv6 address";
		return -EINVAL;
	}
	memcpy(&in6->sin6_addr, ip.bytes, ip.len);
	if (rest.len == 0)
		return 0;
	if (rest.data[0] != ':') {
		*why = "expected \":port\" after \"]\"";
		return -EINVAL;
	}
	return parse_ports(str_skip(rest, 1), &in6->sin6_port, ports, why);
}

static int resolve(struct pool *pool, struct str host, struct in_addr *out, const char **why)
{
	struct ip ip;

	if (str_eq(host, STR("*")))
		return 0; /* all zeroes: INADDR_ANY */
	if (ip_parse(host, &ip) && ip.len == 4) {
		memcpy(out, ip.bytes, ip.len);
		return 0;
	}
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;

	if (host.len == 0 || getaddrinfo(pool_cstr(pool, host), NULL, &hints, &found) != 0) {
		*why = "the host is neither an address nor a name that can be found";
		return -EINVAL;
	}
	*out = ((struct sockaddr_in *)found->ai_addr)->sin_addr;
	freeaddrinfo(found);
	return 0;
}

static bool is_number(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	return text.len > 0;
}

static int parse_ipv4(struct pool *pool, struct str text, struct listener *out, unsigned *ports,
		      const char **why)
{
	struct sockaddr_in *in = &out->address.in;
	ssize_t colon = str_chr(text, ':');
	struct str host = colon < 0 ? text : str_head(text, (size_t)colon);
	struct str port = colon < 0 ? STR("") : str_skip(text, (size_t)colon + 1);
	struct str last = text, first = str_split(&last, '-');

	in->sin_family = AF_INET;
	in->sin_port = htons(DEFAULT_PORT);
	out->address_len = sizeof(*in);
	/* Two numbers with a hyphen are a range of ports, but host names may have hyphens, too. */
	if (colon < 0 && is_number(first) && (first.len == text.len || is_number(last)))
		return parse_ports(text, &in->sin_port, ports, why);
	if (colon >= 0 && parse_ports(port, &in->sin_port, ports, why) < 0)
		return -EINVAL;
	return resolve(pool, host, &in->sin_addr, why);
}

void address_set_port(union address *address, int port)
{
	if (address->any.sa_family == AF_INET6)
		address->in6.sin6_port = htons((in_port_t)port);
	else
		address->in.sin_port = htons((in_port_t)port);
}

static struct str with_port(struct pool *pool, const union address *address)
{
	const char *format = address->any.sa_family == AF_INET6 ? "[%.*s]:%d" : "%.*s:%d";

	return pool_printf(pool, format, STR_ARG(address_text(address, pool)),
			   address_port(address));
}

int listener_parse(struct pool *pool, struct str text, struct listener *out, unsigned *ports,
		   const char **why)
{
	int result;

	*ports = 1;
	memset(&out->address, 0, sizeof(out->address));
	if (str_starts(text, STR("unix:")))
		result = parse_unix(str_skip(text, 5), out, why);
	else if (text.len && text.data[0] == '[')
		result = parse_ipv6(text, out, ports, why);
	else
		result = parse_ipv4(pool, text, out, ports, why);
	if (result == 0 && out->address.any.sa_family == AF_UNIX)
		out->text = pool_strdup(pool, text);
	else if (result == 0)
		out->text = with_port(pool, &out->address);
	return result;
}

void listener_set_port(struct pool *pool, struct listener *listener, int port)
{
	address_set_port(&listener->address, port);
	listener->text = with_port(pool, &listener->address);
}

bool listener_same(const struct listener *a, const struct listener *b)
{
	return a->address_len == b->address_len &&
	       memcmp(&a->address, &b->address, a->address_len) == 0;
}

struct str address_bytes(const union address *address)
{
	switch (address->any.sa_family) {
	case AF_INET:
		return (struct str){ (const char *)&address->in.sin_addr, 4 };
	case AF_INET6:
		return (struct str){ (const char *)&address->in6.sin6_addr, 16 };
	default:
		return STR("");
	}
}

struct str address_text(const union address *address, struct pool *pool)
{
	return ip_text(pool, address_bytes(address));
}

int address_port(const union address *address)
{
	switch (address->any.sa_family) {
	case AF_INET:
		return ntohs(address->in.sin_port);
	case AF_INET6:
		return ntohs(address->in6.sin6_port);
	default:
		return 0;
	}
}

bool address_is_any(const union address *address)
{
	return address->any.sa_family == AF_INET6 ?
		       IN6_IS_ADDR_UNSPECIFIED(&address->in6.sin6_addr) :
		       address->in.sin_addr.s_addr == htonl(INADDR_ANY);
}

bool address_same_port(const union address *a, const union address *b)
{
	return a->any.sa_family != AF_UNIX && b->any.sa_family != AF_UNIX &&
	       address_port(a) == address_port(b);
}
