/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Detects a type by libmagic, on a thread. The thread works on a copy of the first bytes
 * or on a descriptor of its own, so file and request may end before it does; request and
 * thread share struct guess, and the last one frees it.
 *
 * Types that a browser would execute are never detected: such a type permits a browser to
 * run the file, which only its name or the configuration may do.
 */
#include "guess.h"

#include <fcntl.h>
#include <magic.h>
#include <stdio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOOKED_AT = 4096 }; /* bytes at the front of the file */

struct guess {
	atomic_int refs; /* the request, the thread */
	struct wakeup *wakeup;
	int fd; /* the thread's own; -1: the bytes are here */
	size_t len;
	char bytes[LOOKED_AT];
	char type[128];
};

/* Guards the one handle, which costs some milliseconds to open and is not safe for threads. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static magic_t open_magic(void)
{
	static magic_t magic;
	static bool failed;

	if (magic || failed)
		return magic;
	magic_t opened = magic_open(MAGIC_MIME_TYPE);
	if (!opened || magic_load(opened, NULL) < 0) {
		failed = true;
		log_errorx("libmagic cannot be used (%s); files whose extension is unknown are "
			   "sent as application/octet-stream",
			   opened && magic_error(opened) ? magic_error(opened) : "out of memory");
		if (opened)
			magic_close(opened);
		return NULL;
	}
	return magic = opened;
}

static bool is_executed(struct str type)
{
	static const struct str words[] = {
		STR_INIT("html"), STR_INIT("xml"), STR_INIT("svg"),
		STR_INIT("javascript"), STR_INIT("ecmascript"),
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_find(type, words[i]) >= 0)
			return true;
	return false;
}

static void ask(struct guess *guess)
{
	pthread_mutex_lock(&lock);
	magic_t magic = open_magic();
	const char *found = magic ? magic_buffer(magic, guess->bytes, guess->len) : NULL;
	struct str type = found ? str_from(found) : STR("application/octet-stream");

	if (is_executed(type))
		type = STR("text/plain");
	type = str_head(type, sizeof(guess->type) - 1);
	*str_put(guess->type, type) = '\0';
	pthread_mutex_unlock(&lock);
}

static void unref(void *data)
{
	struct guess *guess = data;

	if (atomic_fetch_sub(&guess->refs, 1) > 1)
		return;
	if (guess->fd >= 0)
		close(guess->fd);
	free(guess);
}

/* On the thread. */
static void work(void *data)
{
	struct guess *guess = data;

	if (guess->fd >= 0) {
		ssize_t got = pread(guess->fd, guess->bytes, sizeof(guess->bytes), 0);
		guess->len = got > 0 ? (size_t)got : 0;
	}
	ask(guess);
	wakeup_fire(guess->wakeup);
	unref(guess);
}

static struct guess *guess_create(const struct file *file)
{
	int fd = file->content.data ? -1 : fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	if (!file->content.data && fd < 0)
		return NULL;
	struct guess *guess = calloc(1, sizeof(*guess));
	if (!guess) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	struct str head = str_head(file->content, sizeof(guess->bytes));

	guess->refs = 2;
	guess->fd = fd;
	guess->len = head.len;
	str_put(guess->bytes, head);
	return guess;
}

struct guess *guess_start(struct request *req, const struct file *file)
{
	struct guess *guess = guess_create(file);

	if (!guess)
		return NULL;
	pool_cleanup(req->pool, unref, guess);
	guess->wakeup = request_wait(req, NULL, NULL);
	/* If no thread can start, the request is woken up at once and finds no type. */
	if (thread_run(work, guess) < 0) {
		wakeup_fire(guess->wakeup);
		unref(guess);
	}
	return guess;
}

struct str guess_type(const struct guess *guess)
{
	return str_from(guess->type);
}

const char *guess_library(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "libmagic %d.%02d", magic_version() / 100,
		 magic_version() % 100);
	return text;
}

/* magic_getpath(3) gives names separated by colons; each may have a compiled form, NAME.mgc. */
void guess_note_files(struct conf_call *call)
{
	struct str list = str_from(magic_getpath(NULL, 0));

	while (!str_empty(list)) {
		struct str path = str_split(&list, ':');

		conf_opens(call, path);
		conf_opens(call, pool_printf(call->pool, "%.*s.mgc", STR_ARG(path)));
	}
}
