/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses, their text, and the networks they are in. */
#include "harness/test.h"

#include <network.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct pool *pool;

static void setup(void)
{
	pool = pool_create(0);
}

static void teardown(void)
{
	pool_destroy(pool);
}

static struct ip ip_of(const char *text)
{
	struct ip ip;

	ck_assert_msg(ip_parse(str_from(text), &ip), "%s", text);
	return ip;
}

START_TEST(addresses_have_one_text)
{
	static const struct {
		const char *text, *want;
		size_t len;
	} cases[] = {
		{ "127.0.0.1", "127.0.0.1", 4 },
		{ "255.255.255.255", "255.255.255.255", 4 },
		{ "0.0.0.0", "0.0.0.0", 4 },
		{ "::", "::", 16 },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1", 16 },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", 16 },
		{ "2001:db8::1:0:0:1", "2001:db8::1:0:0:1", 16 },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1", 16 },
		{ "::ffff:c000:201", "::ffff:192.0.2.1", 16 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 16 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip ip = ip_of(cases[i].text);
		struct str text = ip_text(pool, ip_bytes(&ip));

		ck_assert_uint_eq(ip.len, cases[i].len);
		ck_assert_str_eq(text.data, cases[i].want);
		ck_assert_uint_eq(text.len, strlen(cases[i].want));
	}
	ck_assert_str_eq(ip_text(pool, STR("")).data, "unix:");
}
END_TEST

START_TEST(other_texts_are_none)
{
	static const char *const texts[] = {
		"",	   "1.2.3",	"1.2.3.256",  "1.2.3.4.5", "1.2.3.4 ", " 1.2.3.4",
		"0x7f.1",  "01.2.3.4",	"1.2.3.4:80", "[::1]",	   "::1%lo",   ":::",
		"1::2::3", "12345::",	"g::",	      "localhost", "unix:",    "::1.2.3",
		"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255.255.255",
	};
	struct ip ip;

	for (size_t i = 0; i < COUNT(texts); i++)
		ck_assert_msg(!ip_parse(str_from(texts[i]), &ip), "%s", texts[i]);
	ck_assert(!ip_parse(STR("1.2.3.4\0"), &ip));
}
END_TEST

START_TEST(ipv4_in_ipv6_is_ipv4)
{
	struct ip mapped = ip_of("::ffff:192.0.2.1"), other = ip_of("::fffe:192.0.2.1");

	ck_assert(str_eq(ip_unmapped(ip_bytes(&mapped)), STR("\xc0\0\x02\x01")));
	ck_assert_uint_eq(ip_unmapped(ip_bytes(&other)).len, 16);
	ck_assert(str_eq(ip_unmapped(STR("\xc0\0\x02\x01")), STR("\xc0\0\x02\x01")));
	ck_assert(str_empty(ip_unmapped(STR(""))));
}
END_TEST

static struct network network_of(const char *text, enum network_result want)
{
	struct network network;

	ck_assert_msg(network_parse(str_from(text), &network) == want, "%s", text);
	return network;
}

/* Address NULL: of a unix socket. */
static bool is_in(const char *address, const char *network, enum network_result result)
{
	struct network parsed = network_of(network, result);
	struct ip ip = address ? ip_of(address) : (struct ip){ .len = 0 };

	return network_has(&parsed, ip_bytes(&ip));
}

START_TEST(networks_have_their_addresses)
{
	static const struct {
		const char *network, *inside, *outside;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.1", "192.0.2.0" },
		{ "192.0.2.1/32", "192.0.2.1", "192.0.2.3" },
		{ "192.0.2.0/31", "192.0.2.1", "192.0.2.2" },
		{ "10.0.0.0/8", "10.255.0.1", "11.0.0.0" },
		{ "128.0.0.0/1", "255.0.0.0", "127.255.255.255" },
		{ "0.0.0.0/0", "255.255.255.255", "::" },
		{ "::/0", "ffff::1", "192.0.2.1" },
		{ "::/0", "::1", "::ffff:192.0.2.1" },
		{ "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1" },
		{ "2001:db8::/127", "2001:db8::1", "2001:db8::2" },
		{ "2001:db8::1", "2001:db8::1", "2001:db8::" },
		{ "192.0.2.0/24", "::ffff:192.0.2.9", "::ffff:192.0.3.9" },
		{ "192.0.2.0/24", "192.0.2.9", "::192.0.2.9" },
		{ "::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2" },
		{ "::ffff:192.0.2.0/120", "::ffff:192.0.2.1", "192.0.3.2" },
		{ "::ffff:0:0/96", "192.0.3.2", "::1" },
		{ "all", "192.0.2.1", "" },
		{ "all", "::1", "" },
		{ "all", NULL, "" },
		{ "unix:", NULL, "127.0.0.1" },
		{ "0.0.0.0/0", "0.0.0.0", NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *outside = cases[i].outside;

		ck_assert_msg(is_in(cases[i].inside, cases[i].network, NETWORK_GOOD), "%s in %s",
			      cases[i].inside, cases[i].network);
		if (!outside || *outside)
			ck_assert_msg(!is_in(outside, cases[i].network, NETWORK_GOOD), "%s in %s",
				      outside, cases[i].network);
	}
}
END_TEST

START_TEST(bits_behind_the_network_are_told)
{
	ck_assert(is_in("192.0.2.77", "192.0.2.1/24", NETWORK_HOST_BITS));
	ck_assert(is_in("192.0.2.0", "192.0.2.1/31", NETWORK_HOST_BITS));
	ck_assert(is_in("1.2.3.4", "255.0.0.0/0", NETWORK_HOST_BITS));
	ck_assert(is_in("2001:db8::7", "2001:db8::1/64", NETWORK_HOST_BITS));
	ck_assert(is_in("192.0.2.7", "::ffff:192.0.2.1/120", NETWORK_HOST_BITS));
}
END_TEST

START_TEST(mistakes_are_told_apart)
{
	network_of("", NETWORK_NO_ADDRESS);
	network_of("/8", NETWORK_NO_ADDRESS);
	network_of("10/8", NETWORK_NO_ADDRESS);
	network_of("all/8", NETWORK_NO_ADDRESS);
	network_of("unix:/8", NETWORK_NO_ADDRESS);
	network_of("10.0.0.0/8 ", NETWORK_NO_LENGTH);
	network_of("10.0.0.0/", NETWORK_NO_LENGTH);
	network_of("10.0.0.0/-1", NETWORK_NO_LENGTH);
	network_of("10.0.0.0/8/8", NETWORK_NO_LENGTH);
	network_of("10.0.0.0/255.0.0.0", NETWORK_NO_LENGTH);
	ck_assert_uint_eq(network_of("10.0.0.0/33", NETWORK_NO_LENGTH).bits, 32);
	ck_assert_uint_eq(network_of("::/129", NETWORK_NO_LENGTH).bits, 128);
}
END_TEST

START_TEST(the_first_that_has_it_counts)
{
	static const char *const texts[] = { "192.0.2.1", "192.0.2.0/24", "::1", "unix:",
					     "192.0.2.3" };
	static const struct {
		const char *address;
		int want; /* -1: none */
	} cases[] = { { "192.0.2.1", 0 }, { "192.0.2.3", 1 }, { "::ffff:192.0.2.1", 0 },
		      { "::1", 2 },	  { NULL, 3 },	      { "127.0.0.1", -1 } };
	struct networks networks = { 0 };
	int value = -1;

	ck_assert(!networks_find(&networks, STR(""), &value));
	for (int i = 0; i < (int)COUNT(texts); i++) {
		struct network network = network_of(texts[i], NETWORK_GOOD);

		networks_add(&networks, pool, &network, i);
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip ip = cases[i].address ? ip_of(cases[i].address) : (struct ip){ .len = 0 };

		value = -1;
		ck_assert_int_eq(networks_find(&networks, ip_bytes(&ip), &value),
				 cases[i].want >= 0);
		ck_assert_int_eq(value, cases[i].want);
	}
}
END_TEST

static const struct test_suite suite = { .name = "network", .setup = setup, .teardown = teardown };

TESTS_IN(&suite, addresses_have_one_text, other_texts_are_none, ipv4_in_ipv6_is_ipv4,
	 networks_have_their_addresses, bits_behind_the_network_are_told, mistakes_are_told_apart,
	 the_first_that_has_it_counts)
