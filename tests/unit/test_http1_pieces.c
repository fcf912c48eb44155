/* SPDX-License-Identifier: BSD-2-Clause */
/* Heads of every length around their limits, and requests cut into pieces anywhere. */
#include "unit/http1_test.h"

/* --- heads of every length --- */

struct head {
	const char *begin; /* of the head */
	const char *line; /* of which the rest of it consists; "": it is one line */
	int longest; /* complete, in bytes, that is accepted */
};

static const struct head heads[] = {
	{ "GET /", "", LINE_MAX_BYTES },
	{ "\r\n\r\n\n\nGET /", "", LINE_MAX_BYTES },
	{ "GET / HTTP/1.1\r\nHost: small\r\nX: ", "", LINE_MAX_BYTES },
	{ "GET / HTTP/1.1\r\nHost: small\r\n", "X: 2345678901234567890\r\n", HEAD_MAX_BYTES },
	{ "\n\r\n\n\r\n\nGET / HTTP/1.1\nHost: small\n", "X: 2345678901234567890\n",
	  HEAD_MAX_BYTES },
};

enum { HEADS = sizeof(heads) / sizeof(heads[0]), MOST = 2 * HEAD_MAX_BYTES };

/* The first `len` bytes of a head that does not end. */
static void begin_head(const struct head *head, char *out, size_t len)
{
	size_t begin = strlen(head->begin), line = strlen(head->line);

	for (size_t i = 0; i < len; i++)
		out[i] = i < begin ? head->begin[i] : line ? head->line[(i - begin) % line] : 'a';
}

START_TEST(heads_that_do_not_end)
{
	char text[MOST];

	for (int i = 0; i < HEADS; i++)
		for (size_t len = 1; len < HEAD_MAX_BYTES + 40; len++) {
			struct client client = come();

			begin_head(&heads[i], text, len + 1);
			say(&client, text, len);
			say(&client, text + len, 1);
			if (len % 2)
				half_close(&client);
			else
				pass(&client, 60 * SECOND);
			ck_assert_msg(!is_open(), "head %d of %zu bytes: it does not end", i, len);
			close(client.fd);
		}
}
END_TEST

/* Ends what begin_head() has begun; the length of the whole head. */
static size_t end_head(const struct head *head, char *text, size_t len)
{
	const char *end = *head->line		     ? "" :
			  strstr(head->begin, "X: ") ? "" :
						       " HTTP/1.1\r\nHost: small";

	return len + (size_t)sprintf(text + len, "%s\r\n\r\n", end);
}

/* What is answered to a head in two pieces. */
static int status_of(size_t listener, const char *text, size_t len, size_t cut)
{
	struct client client = come_by(listener);

	say(&client, text, cut);
	say(&client, text + cut, len - cut);

	int answer = status(&client, 0);

	ck_assert_int_eq(status(&client, 1), 0);
	leave(&client);
	return answer;
}

/* An answer does not depend on the pieces in which a head comes. */
START_TEST(heads_in_pieces)
{
	char text[MOST];

	for (int i = 0; i < HEADS; i++)
		for (size_t len = 460; len < HEAD_MAX_BYTES + 20; len++) {
			begin_head(&heads[i], text, len);

			size_t whole = end_head(&heads[i], text, len);
			int answer = status_of(0, text, whole, 0);

			ck_assert_msg(answer == 200 || answer == 400 || answer == 414,
				      "head %d of %zu bytes: %d", i, len, answer);
			for (size_t cut = whole - 6; cut < whole; cut++)
				ck_assert_msg(status_of(0, text, whole, cut) == answer,
					      "head %d of %zu bytes, cut at %zu", i, len, cut);
		}
}
END_TEST

/* The server that the last request was for has other limits than that of the next head. */
START_TEST(heads_behind_a_request_for_another_server)
{
	static const char first[] = "GET / HTTP/1.1\r\nHost: large\r\n\r\n";
	char text[MOST];

	for (size_t len = 1; len < HEAD_MAX_BYTES + 40; len++)
		for (size_t listener = 0; listener < 2; listener++) {
			struct client client = come_by(listener);

			say(&client, listener ? GET("/") : first, strlen(first));
			begin_head(&heads[3], text, len + 1);
			say(&client, text, len);
			say(&client, text + len, 1);
			if (listener == 0)
				ck_assert_int_eq(status(&client, 1),
						 len + 1 > HEAD_MAX_BYTES ? 400 : 0);
			else
				ck_assert_int_eq(status(&client, 1), 0);
			pass(&client, (listener ? 500 : 60) * SECOND - 1);
			ck_assert(is_open() || status(&client, 1));
			pass(&client, 1);
			ck_assert_msg(!is_open(), "a head of %zu bytes: it does not end", len);
			close(client.fd);
		}
}
END_TEST

/* --- conversations --- */

static const char conversation[] = CONVERSATION;

START_TEST(a_conversation_in_two_pieces)
{
	for (size_t cut = 0; cut < sizeof(conversation) - 1; cut++) {
		struct client client = come();

		say(&client, conversation, cut);
		ck_assert(is_open());
		say(&client, conversation + cut, sizeof(conversation) - 1 - cut);
		for (int i = 0; i < 5; i++)
			ck_assert_int_eq(status(&client, i), 200);
		ck_assert_msg(!is_open(), "cut at %zu: it does not end", cut);
		close(client.fd);
	}
}
END_TEST

START_TEST(a_conversation_byte_by_byte)
{
	struct client client = come();

	for (size_t at = 0; at < sizeof(conversation) - 1; at++)
		say(&client, conversation + at, 1);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(status(&client, i), 200);
	ck_assert(!is_open());
}
END_TEST

START_TEST(a_conversation_that_ends_anywhere)
{
	for (size_t len = 0; len < sizeof(conversation) - 1; len++) {
		struct client client = come();

		say(&client, conversation, len);
		half_close(&client);
		ck_assert_msg(!is_open(), "%zu bytes: it does not end", len);
		close(client.fd);
	}
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "HTTP/1 in pieces", .setup = setup }),
	 heads_that_do_not_end, heads_in_pieces, heads_behind_a_request_for_another_server,
	 a_conversation_in_two_pieces, a_conversation_byte_by_byte,
	 a_conversation_that_ends_anywhere)
