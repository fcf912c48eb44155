/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The helper that reads certificates and keys whose paths have variables. It runs as the workers'
 * user, as nginx reads these files. It reads names only that the configuration can make, below the
 * directory that stands in the configuration. Symbolic links are followed, because programs that
 * renew certificates use them.
 */
#include "named.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread.h>
#include <unistd.h>

static const struct named_pairs *pairs; /* of the helper's configuration */

/* Several, because a file may lie on a disk that does not respond. */
static struct thread_pool readers = { .max_threads = 4 };

/* --- questions --- */

size_t named_question_write(char *to, const struct named_question *question)
{
	char *at = to;

	memcpy(at, &question->number, sizeof(question->number));
	at = str_put(at + sizeof(question->number), question->certificate);
	*at++ = '\0';
	at = str_put(at, question->key);
	*at++ = '\0';
	return (size_t)(at - to);
}

bool named_question_read(struct str from, struct named_question *question)
{
	if (from.len < sizeof(question->number) + 2 || from.len > NAMED_QUESTION_MAX)
		return false;
	memcpy(&question->number, from.data, sizeof(question->number));
	from = str_skip(from, sizeof(question->number));

	ssize_t end = str_chr(from, '\0');

	if (end < 0 || from.data[from.len - 1] != '\0' || (size_t)end + 1 == from.len)
		return false;
	question->certificate = str_head(from, (size_t)end);
	from = str_skip(from, (size_t)end + 1);
	question->key = str_head(from, from.len - 1);
	return str_chr(question->key, '\0') < 0;
}

/* --- reading --- */

/* The work for a question, on a thread. The paths are NULL for "data:". */
struct job {
	struct helper_call *call;
	char *certificate, *key;
	struct named_answer answer;
	int error;
	const char *failed; /* which of them */
	int out; /* the memfd; -1: none */
};

static int copy_bytes(int from, int to, uint32_t *len)
{
	char bytes[16 * 1024];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0) {
		if (*len + (size_t)n > NAMED_FILE_MAX)
			return -EFBIG;
		*len += (uint32_t)n;
		if (write(to, bytes, (size_t)n) != n)
			return -ENOSPC;
	}
	explicit_bzero(bytes, sizeof(bytes));
	return n < 0 ? -errno : 0;
}

/* Adds the content of a file. 0 or -errno. */
static int add_file(const char *path, int to, uint32_t *len)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int error = fd < 0 || fstat(fd, &status) < 0 ? -errno : 0;

	if (error == 0)
		error = S_ISREG(status.st_mode) ? copy_bytes(fd, to, len) : -EINVAL;
	if (fd >= 0)
		close(fd);
	return error;
}

static void read_pair(void *data)
{
	struct job *job = data;

	job->failed = "certificate";
	job->out = memfd_create("skua certificate", MFD_CLOEXEC);
	job->error = job->out < 0 ? -errno : 0;
	if (job->error == 0 && job->certificate)
		job->error = add_file(job->certificate, job->out, &job->answer.certificate_len);
	if (job->error < 0 || !job->key)
		return;
	job->failed = "key";
	job->error = add_file(job->key, job->out, &job->answer.key_len);
}

static void free_job(struct job *job)
{
	if (job->out >= 0)
		close(job->out);
	free(job->certificate);
	free(job->key);
	free(job);
}

static void pair_read(void *data)
{
	struct job *job = data;
	struct str payload = { (const char *)&job->answer, sizeof(job->answer) };

	if (job->error < 0)
		helper_answer(job->call, job->error, str_from(job->failed), -1);
	else
		helper_answer(job->call, 0, payload, job->out);
	free_job(job);
}

/* From malloc(3); NULL without memory, and for "data:". */
static char *full_path(const struct named_path *path, struct str name)
{
	char *full = path->is_data ? NULL : malloc(path->directory.len + name.len + 2);

	if (full)
		*str_put(str_put(str_put(full, path->directory), STR("/")), name) = '\0';
	return full;
}

static bool could_ask(const struct named_path *path, struct str name)
{
	return path->is_data ? name.len == 0 : template_could_name(path->name, name);
}

static const struct named_pair *find_pair(const struct named_question *question)
{
	const struct named_pair *pair = pairs ? pairs->first : NULL;

	while (pair && pair->number != question->number)
		pair = pair->next;
	return pair && could_ask(&pair->certificate, question->certificate) &&
			       could_ask(&pair->key, question->key) ?
		       pair :
		       NULL;
}

enum { REPORT_MS = 60 * 1000 }; /* between two alerts, because a worker may ask for ever */

static void asked(struct helper_call *call)
{
	struct named_question question;
	const struct named_pair *pair =
		named_question_read(call->payload, &question) ? find_pair(&question) : NULL;

	if (!pair) {
		static int64_t said_ms;

		if (clock_is_due(&said_ms, REPORT_MS))
			log_alertx("a worker has asked for a certificate that the configuration "
				   "cannot name: it has a defect or was taken over");
		helper_answer(call, -EACCES, STR("certificate"), -1);
		return;
	}

	struct job *job = calloc(1, sizeof(*job));

	if (!job) {
		helper_answer(call, -ENOMEM, STR("certificate"), -1);
		return;
	}
	*job = (struct job){ .call = call, .out = -1 };
	job->certificate = full_path(&pair->certificate, question.certificate);
	job->key = full_path(&pair->key, question.key);
	if ((!job->certificate && !pair->certificate.is_data) ||
	    (!job->key && !pair->key.is_data) ||
	    thread_pool_run(&readers, read_pair, pair_read, job) < 0) {
		helper_answer(call, -ENOMEM, STR("certificate"), -1);
		free_job(job);
	}
}

static int start(const void *conf)
{
	pairs = ((const struct ssl_conf *)conf)->pairs;
	return 0;
}

static bool is_needed(const void *conf)
{
	const struct named_pairs *all = ((const struct ssl_conf *)conf)->pairs;

	return all && all->first;
}

static const int calls[] = { SYS_memfd_create, -1 };

const struct helper named_helper = {
	.name = "certificates",
	.files = HELPER_ALL_FILES,
	.calls = calls,
	.is_needed = is_needed,
	.start = start,
	.asked = asked,
};
