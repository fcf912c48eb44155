/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes certificates and keys of texts in PEM on a thread. A key with a password takes long, and
 * each password of ssl_password_file is tried, so a worker's loop would stand still for seconds.
 */
#include "named.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <thread.h>
#include <unistd.h>

enum { PARSING_MAX = 1024 }; /* pairs that are parsed or wait for it */

/* Only one thread, because certificate_parse() is called by one at a time. */
static struct thread_pool parsers = { .max_threads = 1, .nice = 10 };

static unsigned parsing;

struct work {
	void (*done)(void *data, const struct named_parsed *outcome);
	void *data;
	struct str certificate, key; /* in PEM */
	const struct str_list *passwords;
	struct named_parsed outcome;
	size_t len;
	char bytes[]; /* of the files */
};

static void parse(void *data)
{
	struct work *work = data;

	work->outcome.result =
		certificate_parse(work->certificate, work->key, work->passwords, NULL,
				  &work->outcome.certificate, &work->outcome.reason);
}

static void free_work(struct work *work)
{
	explicit_bzero(work->bytes, work->len);
	free(work);
}

static void parsed(void *data)
{
	struct work *work = data;

	parsing--;
	work->done(work->data, &work->outcome);
	free_work(work);
}

int named_parse(const struct named_pair *pair, const struct str *texts, int fd,
		struct named_answer lens,
		void (*done)(void *data, const struct named_parsed *outcome), void *data)
{
	size_t len = (size_t)lens.certificate_len + lens.key_len;

	if (lens.certificate_len > NAMED_FILE_MAX || lens.key_len > NAMED_FILE_MAX)
		return -EFBIG;
	if (parsing >= PARSING_MAX)
		return -EBUSY;

	struct work *work = malloc(sizeof(*work) + len);

	if (!work)
		return -ENOMEM;
	*work = (struct work){
		.done = done,
		.data = data,
		.certificate = pair->certificate.is_data ?
				       texts[0] :
				       (struct str){ work->bytes, lens.certificate_len },
		.key = pair->key.is_data ?
			       texts[1] :
			       (struct str){ work->bytes + lens.certificate_len, lens.key_len },
		.passwords = pair->passwords,
		.outcome.result = CERTIFICATE_WRONG_CHAIN,
		.len = len,
	};

	int error = len && pread(fd, work->bytes, len, 0) != (ssize_t)len ? -EIO : 0;

	if (error == 0)
		error = thread_pool_run(&parsers, parse, parsed, work);
	if (error < 0)
		free_work(work);
	else
		parsing++;
	return error;
}
