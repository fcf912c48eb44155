/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The values of directives: numbers, times, sizes, keywords, lists, defaults.
 */
#include "unit/config_test.h"

static int64_t time_of(const char *time)
{
	char text[128];

	snprintf(text, sizeof(text), "timeout \"%s\";", time);
	struct conf *conf = load(text);
	int64_t ms = loaded == 0 ? sample_main(conf)->time.ms : -1;

	conf_destroy(conf);
	return ms;
}

START_TEST(times)
{
	ck_assert_int_eq(time_of("0"), 0);
	ck_assert_int_eq(time_of("30"), 30000);
	ck_assert_int_eq(time_of("500ms"), 500);
	ck_assert_int_eq(time_of("30s"), 30000);
	ck_assert_int_eq(time_of("1h 30m"), 5400000);
	ck_assert_int_eq(time_of("1h30m"), 5400000);
	ck_assert_int_eq(time_of("1h 30"), 3630000);
	ck_assert_int_eq(time_of("1s5"), 6000);
	ck_assert_int_eq(time_of("1d"), 86400000);
	ck_assert_int_eq(time_of("1w"), 7 * 86400000LL);
	ck_assert_int_eq(time_of("1M"), 30 * 86400000LL);
	ck_assert_int_eq(time_of("1y 1M 1w 1d 1h 1m 1s 1ms"),
			 (365 + 30 + 7 + 1) * 86400000LL + 3661001);
}
END_TEST

START_TEST(bad_times)
{
	static const char *const bad[] = { "",
					   "s",
					   "1x",
					   "30m 1h",
					   "1s 1s",
					   "-1",
					   "1.5s",
					   "1h x",
					   "99999999999999999999",
					   "9000000000000y",
					   " 1",
					   "1 2",
					   "1ss",
					   "1e3" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(time_of(bad[i]) == -1, "\"%s\" was taken", bad[i]);
	assert_has(errors_of("timeout 1x;"), "skua.conf:1:9: invalid time \"1x\"");
	assert_has(messages, "^~ expected a time");
	assert_has(errors_of("timeout 101y;"), "\"101y\" is too large");
}
END_TEST

static int64_t size_of(const char *size)
{
	char text[128];

	snprintf(text, sizeof(text), "size \"%s\";", size);
	struct conf *conf = load(text);
	int64_t bytes = loaded == 0 ? sample_main(conf)->size.bytes : -1;

	conf_destroy(conf);
	return bytes;
}

START_TEST(sizes)
{
	ck_assert_int_eq(size_of("512"), 512);
	ck_assert_int_eq(size_of("8k"), 8192);
	ck_assert_int_eq(size_of("8K"), 8192);
	ck_assert_int_eq(size_of("3m"), 3 << 20);
	ck_assert_int_eq(size_of("2G"), 2LL << 30);
	ck_assert_int_eq(size_of("8589934591g"), 8589934591LL << 30);
}
END_TEST

START_TEST(bad_sizes)
{
	static const char *const bad[] = { "",	  "k",	  "8kb",	 "-8k",
					   "8 k", "1.5m", "8589934592g", "99999999999999999999",
					   "15" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(size_of(bad[i]) == -1, "\"%s\" was taken", bad[i]);
	assert_has(errors_of("size 10kb;"), "invalid size \"10kb\"");
	assert_has(errors_of("size 15;"), "\"15\" is too small");
	assert_has(messages, "expected at least 16 bytes");
}
END_TEST

START_TEST(numbers)
{
	struct conf *conf = load_good("number 10;");

	ck_assert_int_eq(sample_main(conf)->number, 10);
	conf_destroy(conf);
	assert_has(errors_of("number 11;"), "11 is out of range");
	assert_has(messages, "expected 1 to 10");
	assert_has(errors_of("number 0;"), "0 is out of range");
	assert_has(errors_of("number 1x;"), "invalid number \"1x\"");
	assert_has(errors_of("number '';"), "invalid number \"\"");
	assert_has(errors_of("number 99999999999999999999;"), "out of range");
}
END_TEST

START_TEST(keywords_and_flags)
{
	struct conf *conf = load_good("flag OFF; colour Green; colours red blue;");

	ck_assert(!sample_main(conf)->flag);
	ck_assert_int_eq(sample_main(conf)->keyword, 2);
	ck_assert_uint_eq(sample_main(conf)->bits, 5);
	conf_destroy(conf);
	assert_has(errors_of("flag yes;"), "^~~ expected on or off");
	assert_has(errors_of("colour gren;"), "did you mean \"green\"?");
	assert_has(errors_of("colours red yellow;"), "skua.conf:1:13: invalid value \"yellow\"");
	assert_has(messages, "expected red, green or blue");
}
END_TEST

START_TEST(defaults)
{
	struct conf *conf = load_good("");
	const struct sample *sample = sample_main(conf);

	ck_assert(sample->flag);
	ck_assert_int_eq(sample->number, 3);
	ck_assert_int_eq(sample->time.ms, 75000);
	ck_assert_int_eq(sample->size.bytes, 1 << 20);
	assert_str(sample->word, "html");
	ck_assert_uint_eq(sample->list.count, 1);
	assert_str(sample->list.items[0], "index.html");
	ck_assert_ptr_null(sample->text);
	conf_destroy(conf);
}
END_TEST

START_TEST(counts_of_words)
{
	assert_has(errors_of("root;"), "\"root\" takes 1 argument, not 0");
	assert_has(messages, "^~~~ syntax: root path;");
	assert_has(errors_of("root a b;"), "\"root\" takes 1 argument, not 2");
	assert_has(errors_of("index;"), "\"index\" takes at least 1 argument, not 0");
	assert_has(errors_of("doubt x;"), "\"doubt\" takes no argument, not 1");
	assert_has(errors_of("http x {}"), "\"http\" takes no argument, not 1");
	assert_has(errors_of("http { server { location a b c {} } }"),
		   "\"location\" takes 1 to 2 arguments, not 3");
	assert_has(messages, "syntax: location [=] prefix { ... }");
}
END_TEST

START_TEST(warnings)
{
	conf_destroy(load("doubt; old_size 3 4 5; old_size;"));
	ck_assert_int_eq(loaded, 0);
	assert_has(messages, "skua: warning: skua.conf:1:1: this is doubtful\n");
}
END_TEST

TESTS("values of directives", times, bad_times, sizes, bad_sizes, numbers, keywords_and_flags,
      defaults, counts_of_words, warnings)
