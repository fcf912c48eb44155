/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses and networks. The text of an address is read as the same address, and a
 * network has the address that it is written with.
 */
#include <assert.h>
#include <network.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_address(const struct ip *ip)
{
	char text[IP_TEXT_SIZE];
	struct ip again;

	assert(ip_parse(str_range(text, ip_put(text, ip_bytes(ip))), &again));
	assert(str_eq(ip_bytes(ip), ip_bytes(&again)));
}

/* ::ffff:192.0.2.1 is IPv4, and so not in ::/95. */
static bool is_ipv4_in_ipv6(const struct network *network, const struct ip *ip)
{
	return network->ip.len == 16 && ip_unmapped(ip_bytes(ip)).len == 4;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size }, rest = text;
	struct network network;
	struct ip ip;

	if (ip_parse(str_split(&rest, '/'), &ip))
		check_address(&ip);

	enum network_result result = network_parse(text, &network);

	if (result > NETWORK_HOST_BITS || network.kind != NETWORK_IP)
		return 0;
	assert(network.bits <= network.ip.len * 8);
	check_address(&network.ip);
	assert(network_has(&network, ip_bytes(&ip)) != is_ipv4_in_ipv6(&network, &ip));
	return 0;
}
