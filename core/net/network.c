/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks; the contracts are in include/network.h. */
#include <network.h>

#include <conf.h>

/* Clears the bits behind the prefix. Returns false if they were zero already. */
static bool clear_host_bits(struct network *network)
{
	bool any = false;

	for (size_t i = network->bits / 8; i < network->ip.len; i++) {
		unsigned kept = i == network->bits / 8 ? network->bits % 8 : 0;
		unsigned char host = network->ip.bytes[i] & (0xff >> kept);

		any = any || host;
		network->ip.bytes[i] ^= host;
	}
	return any;
}

/* Turns a network such as ::ffff:192.0.2.0/120 into 192.0.2.0/24. */
static void unmap(struct network *network)
{
	struct str bytes = ip_unmapped(ip_bytes(&network->ip));

	if (network->ip.len != 16 || bytes.len != 4 || network->bits < 96)
		return;
	memmove(network->ip.bytes, bytes.data, 4);
	network->ip.len = 4;
	network->bits -= 96;
}

enum network_result network_parse(struct str text, struct network *out)
{
	struct str length = text, address = str_split(&length, '/');
	uint64_t bits;

	*out = (struct network){ .kind = NETWORK_IP };
	if (str_eq(text, STR("all")) || str_eq(text, STR("unix:"))) {
		out->kind = text.data[0] == 'a' ? NETWORK_ALL : NETWORK_UNIX;
		return NETWORK_GOOD;
	}
	if (!ip_parse(address, &out->ip))
		return NETWORK_NO_ADDRESS;
	out->bits = (unsigned)out->ip.len * 8;
	if (address.len < text.len) {
		if (str_to_u64(length, out->bits, &bits) < 0)
			return NETWORK_NO_LENGTH;
		out->bits = (unsigned)bits;
	}
	bool had_host_bits = clear_host_bits(out);

	unmap(out);
	return had_host_bits ? NETWORK_HOST_BITS : NETWORK_GOOD;
}

int conf_parse_network(struct conf_call *call, const struct conf_word *word, unsigned kinds,
		       struct network *out)
{
	enum network_result result = network_parse(word->text, out);
	struct str length = word->text;

	str_split(&length, '/');
	if (result == NETWORK_NO_ADDRESS || !(kinds & out->kind))
		return conf_error(call, word,
				  "\"%.*s\" is not an address\n"
				  "expected one like 192.0.2.1, 192.0.2.0/24, 2001:db8::/32%s%s",
				  STR_ARG(word->text), kinds & NETWORK_UNIX ? ", unix:" : "",
				  kinds & NETWORK_ALL ? " or all" : "");
	if (result == NETWORK_NO_LENGTH)
		return conf_error(call, word,
				  "\"%.*s\" is not the length of a network\nexpected 0 to %u",
				  STR_ARG(length), out->bits);
	if (result == NETWORK_HOST_BITS)
		conf_warn(call, word,
			  "the address has bits behind its /%.*s, which count for nothing",
			  STR_ARG(length));
	return 0;
}

/* network_has() for a result of ip_unmapped(). */
static bool has(const struct network *network, struct str address)
{
	size_t whole = network->bits / 8;
	unsigned rest = network->bits % 8;

	if (network->kind != NETWORK_IP)
		return network->kind == NETWORK_ALL || str_empty(address);
	if (address.len != network->ip.len ||
	    memcmp(address.data, network->ip.bytes, whole) != 0)
		return false;

	/* Compare the remaining bits of the prefix, in the byte after the whole bytes. */
	return rest == 0 ||
	       ((unsigned char)address.data[whole] ^ network->ip.bytes[whole]) >> (8 - rest) == 0;
}

bool network_has(const struct network *network, struct str address)
{
	return has(network, ip_unmapped(address));
}

void networks_add(struct networks *networks, struct pool *pool, const struct network *network,
		  int value)
{
	networks->items = pool_grow(pool, networks->items, networks->count, &networks->capacity,
				    sizeof(*networks->items));
	networks->items[networks->count++] = (struct network_entry){ *network, value };
}

bool networks_find(const struct networks *networks, struct str address, int *value)
{
	struct str unmapped = ip_unmapped(address);

	for (size_t i = 0; i < networks->count; i++) {
		if (!has(&networks->items[i].network, unmapped))
			continue;
		*value = networks->items[i].value;
		return true;
	}
	return false;
}
