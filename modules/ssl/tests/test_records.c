/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The record layer: the keys and records of the trace in RFC 8448 section 3, and what a peer
 * can do to a record.
 */
#include "harness/memory.h"
#include "harness/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "records.h"

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (; *hex; hex += 2) {
		while (*hex == ' ')
			hex++;
		if (!*hex)
			break;
		out[n++] = (uint8_t)strtoul((char[]){ hex[0], hex[1], 0 }, NULL, 16);
	}
	return n;
}

static void ck_hex(const uint8_t *bytes, size_t len, const char *hex)
{
	uint8_t expected[256];

	ck_assert_uint_eq(len, from_hex(hex, expected));
	ck_assert_mem_eq(bytes, expected, len);
}

/* RFC 8448 section 3: the secrets of application data, and the client's first record. */
static const char client_secret[] =
	"9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
static const char server_secret[] =
	"a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643";
static const char client_record[] =
	"1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20"
	"441e2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4";
static const char client_plain[] =
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c"
	"2d2e2f3031";

static const struct record_suite *aes128;
static struct record_key sender, receiver;

static void setup(void)
{
	uint8_t secret[RECORD_SECRET_MAX] = { 1, 2, 3 };

	aes128 = record_suite(0x1301);
	ck_assert_ptr_nonnull(aes128);
	ck_assert_int_eq(record_key_init(&sender, aes128, secret, 0), 0);
	ck_assert_int_eq(record_key_init(&receiver, aes128, secret, 0), 0);
}

static ssize_t seal(enum record_type type, const void *bytes, size_t len, uint8_t *out)
{
	const struct iovec iov = { (void *)bytes, len };

	return record_seal(aes128, &sender, type, &iov, 1, out);
}

START_TEST(keys_of_rfc_8448)
{
	struct record_key key;
	uint8_t secret[RECORD_SECRET_MAX];

	from_hex(server_secret, secret);
	ck_assert_int_eq(record_key_init(&key, aes128, secret, 0), 0);
	ck_hex(key.key, 16, "9f02283b6c9c07efc26bb9f2ac92e356");
	ck_hex(key.iv, 12, "cf782b88dd83549aadf1e984");
	from_hex(client_secret, secret);
	ck_assert_int_eq(record_key_init(&key, aes128, secret, 0), 0);
	ck_hex(key.key, 16, "17422dda596ed5d9acd890e3c63f5051");
	ck_hex(key.iv, 12, "5b78923dee08579033e523d9");
}
END_TEST

START_TEST(records_of_rfc_8448)
{
	struct record_key key;
	uint8_t secret[RECORD_SECRET_MAX], record[128], sealed[128], *plain;
	size_t len = from_hex(client_record, record);
	enum record_type type;

	from_hex(client_secret, secret);
	ck_assert_int_eq(record_key_init(&key, aes128, secret, 0), 0);
	ck_assert_int_eq(record_length(record, len), (int)len);
	ck_assert_int_eq(record_open(aes128, &key, record, len, &plain, &type), 50);
	ck_assert_int_eq(type, RECORD_DATA);
	ck_hex(plain, 50, client_plain);

	ck_assert_int_eq(record_key_init(&key, aes128, secret, 0), 0);
	const struct iovec iov[] = { { plain, 20 }, { plain + 20, 0 }, { plain + 20, 30 } };
	ck_assert_int_eq(record_seal(aes128, &key, RECORD_DATA, iov, 3, sealed), (int)len);
	ck_hex(sealed, len, client_record);
}
END_TEST

START_TEST(all_suites_and_sizes)
{
	static uint8_t bytes[RECORD_PLAIN_MAX], record[RECORD_MAX];
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 1000, RECORD_PLAIN_MAX };
	uint8_t secret[RECORD_SECRET_MAX] = { 7 }, *plain;
	enum record_type type;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31);
	for (uint16_t number = 0x1301; number <= 0x1303; number++) {
		const struct record_suite *suite = record_suite(number);
		struct record_key to, from;

		ck_assert_ptr_nonnull(suite);
		ck_assert_int_eq(record_key_init(&to, suite, secret, 5), 0);
		ck_assert_int_eq(record_key_init(&from, suite, secret, 5), 0);
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			const struct iovec iov = { bytes, sizes[i] };
			ssize_t len = record_seal(suite, &to, RECORD_ALERT, &iov, 1, record);

			ck_assert_int_eq(len, (int)(sizes[i] + RECORD_OVERHEAD));
			ck_assert_int_eq(record_length(record, (size_t)len), len);
			ck_assert_int_eq(record_open(suite, &from, record, (size_t)len, &plain,
						     &type),
					 (int)sizes[i]);
			ck_assert_int_eq(type, RECORD_ALERT);
			ck_assert_mem_eq(plain, bytes, sizes[i]);
			if (i == 3) {
				ck_assert_int_eq(record_key_update(&to, suite), 0);
				ck_assert_int_eq(record_key_update(&from, suite), 0);
				ck_assert_uint_eq(to.sequence, 0);
			}
		}
	}
	ck_assert_ptr_null(record_suite(0x1304)); /* AES-CCM */
	ck_assert_ptr_null(record_suite(0));
}
END_TEST

/* Every second key, from the first or from the last on. */
static void begin_keys(struct record_key *keys, int count, int round, bool from_last)
{
	int first = round % 2;

	for (int n = first; n < count; n += 2) {
		int i = from_last ? count - 2 + 2 * first - n : n;
		uint8_t secret[RECORD_SECRET_MAX] = { (uint8_t)i, (uint8_t)round };

		if (round > 1)
			record_key_forget(&keys[i], aes128);
		ck_assert_int_eq(record_key_init(&keys[i], aes128, secret, 0), 0);
	}
}

/*
 * More connections than ciphers, in turns; half of them end, and others begin. Those that share a
 * cipher for sealing do not share one for opening, which would have the same wrong key.
 */
START_TEST(many_connections_share_ciphers)
{
	enum { MANY = 100 };
	static struct record_key from[MANY], to[MANY];
	uint8_t record[64], *plain;
	enum record_type type;

	for (int round = 0; round < 4; round++) {
		begin_keys(from, MANY, round, false);
		begin_keys(to, MANY, round, true);
		for (int i = 0; i < MANY && round; i++) {
			char text[] = { (char)i, (char)round };
			const struct iovec iov = { text, 2 };
			ssize_t len = record_seal(aes128, &from[i], RECORD_DATA, &iov, 1, record);

			ck_assert_int_eq(
				record_open(aes128, &to[i], record, (size_t)len, &plain, &type), 2);
			ck_assert_mem_eq(plain, text, 2);
		}
	}
}
END_TEST

/* What lies in the record already gives the same record as what is copied. */
START_TEST(records_in_place)
{
	uint8_t secret[RECORD_SECRET_MAX] = { 3 }, copied[64], placed[64];
	struct record_key key;

	for (size_t len = 0; len < 20; len++) {
		const struct iovec apart = { (void *)"abcdefghijklmnopqrst", len };
		const struct iovec parts[] = {
			{ (void *)"abc", len < 3 ? len : 3 },
			{ memcpy(placed + RECORD_HEAD + (len < 3 ? len : 3), "defghijklmnopqrst",
				 len < 3 ? 0 : len - 3),
			  len < 3 ? 0 : len - 3 },
		};

		ck_assert_int_eq(record_key_init(&key, aes128, secret, 0), 0);
		ck_assert_int_eq(record_seal(aes128, &key, RECORD_DATA, &apart, 1, copied),
				 (int)(len + RECORD_OVERHEAD));
		ck_assert_int_eq(record_key_init(&key, aes128, secret, 0), 0);
		ck_assert_int_eq(record_seal(aes128, &key, RECORD_DATA, parts, 2, placed),
				 (int)(len + RECORD_OVERHEAD));
		ck_assert_mem_eq(copied, placed, len + RECORD_OVERHEAD);
	}
}
END_TEST

START_TEST(each_flipped_bit_is_found)
{
	uint8_t record[64], copy[64], *plain;
	enum record_type type;
	ssize_t len = seal(RECORD_DATA, "hello", 5, record);

	for (int bit = 0; bit < 8 * len; bit++) {
		struct record_key key = receiver;

		memcpy(copy, record, sizeof(copy));
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_msg(record_open(aes128, &key, copy, (size_t)len, &plain, &type) < 0,
			      "bit %d", bit);
	}
	ck_assert_int_eq(record_open(aes128, &receiver, record, (size_t)len, &plain, &type), 5);
}
END_TEST

START_TEST(lost_repeated_and_cut_records_are_found)
{
	uint8_t first[64], second[64], copy[64], *plain;
	enum record_type type;
	ssize_t len = seal(RECORD_DATA, "one", 3, first);
	struct record_key key = receiver;

	seal(RECORD_DATA, "two", 3, second);
	memcpy(copy, second, sizeof(copy));
	ck_assert_int_eq(record_open(aes128, &key, copy, (size_t)len, &plain, &type), -EBADMSG);
	key = receiver;
	memcpy(copy, first, sizeof(copy));
	ck_assert_int_eq(record_open(aes128, &key, copy, (size_t)len, &plain, &type), 3);
	memcpy(copy, first, sizeof(copy));
	ck_assert_int_eq(record_open(aes128, &key, copy, (size_t)len, &plain, &type), -EBADMSG);
	for (ssize_t cut = RECORD_HEAD; cut < len; cut++) {
		key = receiver;
		memcpy(copy, first, sizeof(copy));
		copy[4] = (uint8_t)(cut - RECORD_HEAD);
		ck_assert_int_eq(record_open(aes128, &key, copy, (size_t)cut, &plain, &type),
				 -EBADMSG);
	}
}
END_TEST

START_TEST(lengths)
{
	static const struct {
		uint8_t bytes[8];
		size_t len;
		ssize_t result;
	} cases[] = {
		{ { 0 }, 0, 0 },
		{ { 23 }, 1, 0 },
		{ { 23, 3, 3, 0 }, 4, 0 },
		{ { 23, 3, 3, 0, 1 }, 5, 0 },
		{ { 23, 3, 3, 0, 1, 9 }, 6, 6 },
		{ { 23, 3, 3, 0, 1, 9, 9 }, 7, 6 },
		{ { 23, 3, 3, 0, 0 }, 5, 5 },
		{ { 23, 3, 3, 0x41, 0 }, 5, 0 }, /* 2^14 + 256 */
		{ { 23, 3, 3, 0x41, 1 }, 5, -EMSGSIZE },
		{ { 'G', 'E', 'T', ' ' }, 4, -EBADMSG },
		{ { 19, 3, 3, 0, 1 }, 5, -EBADMSG },
		{ { 24, 3, 3, 0, 1 }, 5, -EBADMSG },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_int_eq(record_length(cases[i].bytes, cases[i].len), cases[i].result);
}
END_TEST

/* Seals `len` bytes as they are, type and padding included, as a peer can. */
static size_t seal_inner(const uint8_t *inner, size_t len, uint8_t *out)
{
	const struct iovec iov = { (void *)inner, len - 1 };

	return (size_t)record_seal(aes128, &sender, inner[len - 1], &iov, 1, out);
}

START_TEST(padding_and_inner_type)
{
	static uint8_t inner[RECORD_PLAIN_MAX + 2], record[RECORD_MAX + 2];
	uint8_t *plain;
	enum record_type type;

	memcpy(inner, "abc\x17", 4);
	size_t len = seal_inner(inner, 100, record);
	ck_assert_int_eq(record_open(aes128, &receiver, record, len, &plain, &type), 3);
	ck_assert_int_eq(type, RECORD_DATA);

	memset(inner, 0, 100); /* zeros only */
	len = seal_inner(inner, 100, record);
	ck_assert_int_eq(record_open(aes128, &receiver, record, len, &plain, &type), -EPROTO);
	len = seal_inner(inner, 1, record);
	ck_assert_int_eq(record_open(aes128, &receiver, record, len, &plain, &type), -EPROTO);

	inner[0] = RECORD_DATA; /* as much padding as fits, and one more */
	len = seal_inner(inner, RECORD_PLAIN_MAX + 1, record);
	ck_assert_int_eq(record_open(aes128, &receiver, record, len, &plain, &type), 0);
	len = seal_inner(inner, RECORD_PLAIN_MAX + 2, record);
	ck_assert_int_eq(record_open(aes128, &receiver, record, len, &plain, &type), -EMSGSIZE);

	record[0] = RECORD_HANDSHAKE; /* not sealed */
	ck_assert_int_eq(record_open(aes128, &receiver, record, len, &plain, &type), -EPROTO);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "TLS records", .setup = setup }), keys_of_rfc_8448,
	 records_of_rfc_8448, all_suites_and_sizes, many_connections_share_ciphers,
	 records_in_place, each_flipped_bit_is_found,
	 lost_repeated_and_cut_records_are_found, lengths, padding_and_inner_type)
