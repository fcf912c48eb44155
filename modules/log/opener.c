/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The helper that opens log files whose names have variables. It runs as the workers' user, as
 * nginx opens these files. It makes names only that the configuration can make, and below the
 * directory that stands in the configuration; it follows no symbolic link there.
 */
#include "paths.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { REPORT_MS = 60 * 1000 };

static const struct log_paths *paths; /* of the helper's configuration */
static int64_t said_ms; /* when the error log was told last of a question that is wrong */

/* --- questions ------------------------------------------------------------------- */

size_t log_question_write(char *to, const struct log_question *question)
{
	char *at = to;

	memcpy(at, &question->number, sizeof(question->number));
	at = str_put(at + sizeof(question->number), question->root);
	*at++ = '\0';
	at = str_put(at, question->name);
	*at++ = '\0';
	return (size_t)(at - to);
}

bool log_question_read(struct str from, struct log_question *question)
{
	if (from.len < sizeof(question->number))
		return false;
	memcpy(&question->number, from.data, sizeof(question->number));
	from = str_skip(from, sizeof(question->number));

	ssize_t end = str_chr(from, '\0');

	if (end < 0 || from.data[from.len - 1] != '\0')
		return false;
	question->root = str_head(from, (size_t)end);
	from = str_skip(from, (size_t)end + 1);
	if (from.len == 0)
		return false;
	question->name = str_head(from, from.len - 1);
	return str_chr(question->name, '\0') < 0;
}

/* --- opening --------------------------------------------------------------------- */

static int open_below(int directory, struct str name)
{
	const struct open_how how = {
		.flags = O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
		.mode = 0644,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, directory, name.data, &how, sizeof(how));

	/* Kernels before 5.6: a name without directories needs no rules for them. */
	if (fd < 0 && errno == ENOSYS && str_chr(name, '/') < 0)
		fd = openat(directory, name.data, (int)how.flags | O_NOFOLLOW, 0644);
	return fd < 0 ? -errno : fd;
}

/* A file with a second name may be one that lies elsewhere. */
static int check_file(int fd)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	return S_ISREG(status.st_mode) && status.st_nlink == 1 ? 0 : -EPERM;
}

/* A descriptor or -errno. */
static int open_log(const struct log_path *path, struct str name)
{
	int directory = open(path->directory.data, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return -errno;

	int fd = open_below(directory, name);
	int error = fd < 0 ? fd : check_file(fd);

	close(directory);
	if (error < 0 && fd >= 0)
		close(fd);
	return error < 0 ? error : fd;
}

static const struct log_path *find_path(uint32_t number)
{
	const struct log_path *path = paths ? paths->first : NULL;

	while (path && path->number != number)
		path = path->next;
	return path;
}

/* As in nginx, nothing is logged for hosts that have no root. The answer is "root" then. */
static void asked(struct helper_call *call)
{
	struct log_question question;
	const struct log_path *path;
	struct stat root;

	if (!log_question_read(call->payload, &question) || !(path = find_path(question.number)) ||
	    !template_could_name(path->name, question.name)) {
		if (clock_is_due(&said_ms, REPORT_MS))
			log_alertx(
				"a worker has asked for a log that the configuration cannot name: "
				"it has a defect or was taken over");
		helper_answer(call, -EACCES, STR(""), -1);
		return;
	}
	if (stat(question.root.data, &root) < 0 || !S_ISDIR(root.st_mode)) {
		helper_answer(call, -ENOENT, STR("root"), -1);
		return;
	}

	int fd = open_log(path, question.name);

	helper_answer(call, fd < 0 ? fd : 0, STR(""), fd < 0 ? -1 : fd);
	if (fd >= 0)
		close(fd);
}

/* The module's struct begins with a pointer to the paths of the configuration. */
static int start(const void *conf)
{
	paths = *(const struct log_paths *const *)conf;
	return 0;
}

static bool is_needed(const void *conf)
{
	const struct log_paths *all = *(const struct log_paths *const *)conf;

	return all && all->first;
}

static const int calls[] = { SYS_openat, -1 };

const struct helper log_opener = {
	.name = "log_opener",
	.files = HELPER_WRITTEN_FILES,
	.calls = calls,
	.is_needed = is_needed,
	.start = start,
	.asked = asked,
};
