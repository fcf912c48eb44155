/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attacks by what a worker may ask the helper that reads certificates for. The configuration has
 * the paths certs/$ssl_server_name.pem and certs/$ssl_server_name.key.
 */
#include "hostile.h"

#include <string.h>
#include <unistd.h>

/* As modules/ssl/named.h has it: number, name of the certificate, name of the key. */
static size_t write_question(char *to, uint32_t number, const char *certificate, const char *key)
{
	size_t certificate_len = strlen(certificate) + 1, key_len = strlen(key) + 1;

	memcpy(to, &number, sizeof(number));
	memcpy(to + sizeof(number), certificate, certificate_len);
	memcpy(to + sizeof(number) + certificate_len, key, key_len);
	return sizeof(number) + certificate_len + key_len;
}

/* Notes what the helper has read. */
static void ask(struct report *report, int helper, const char *text, size_t len, int fd)
{
	char content[256];

	if (ask_helper(helper, text, len, fd) < 0)
		return;

	int answer = receive_answer(helper);

	if (answer < 0)
		return;

	ssize_t n = pread(answer, content, sizeof(content), 0);

	note(report, "%.*s", n > 0 ? (int)n : 0, content);
	close(answer);
}

void attack_certificates(struct report *report)
{
	static const char *const names[] = { "good",	"../secret/a", "..",	     "",
					     "/../secret/a", "./good",	    "a/../good", "link/a",
					     "bad\n",	"bad\x7f" };
	static const uint32_t numbers[] = { 1, 2, 1000, UINT32_MAX };
	char text[QUESTION_MAX], certificate[64], key[64];
	int helper = find_helper(report);

	if (helper < 0)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		stpcpy(stpcpy(certificate, names[i]), ".pem");
		stpcpy(stpcpy(key, names[i]), ".key");

		size_t len = write_question(text, 0, certificate, key);

		ask(report, helper, text, len, -1);
		for (int fd = 0; fd < 4; fd++)
			ask(report, helper, text, len, i == 0 ? -1 : fd);
		for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++)
			ask(report, helper, text,
			    write_question(text, numbers[j], certificate, key), -1);
		/* One name that the configuration has, beside one that it has not. */
		if (i == 0)
			continue;
		ask(report, helper, text, write_question(text, 0, "good.pem", key), -1);
		ask(report, helper, text, write_question(text, 0, certificate, "good.key"), -1);
	}
	/* Other endings; and questions that are none: cut off at each length, without an end. */
	ask(report, helper, text, write_question(text, 0, "good.key", "good.pem"), -1);
	ask(report, helper, text, write_question(text, 0, "good.pem", ""), -1);

	size_t len = write_question(text, 0, "good.pem", "good.key");

	for (size_t i = 0; i < len; i++)
		ask(report, helper, text, i, -1);
	memset(text, 'a', sizeof(text));
	ask(report, helper, text, sizeof(text), -1);
}
