/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Serves files in capitals: `shout on;`. A helper makes the capitals of the descriptor that it
 * is sent, and gives back memory that nobody can change any more. The arguments of the URI are
 * for its test: ?die ends the helper, ?open asks whether it can open a file.
 */
#include <module.h>

#include <ctype.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern const struct module shout_module;

struct shout_conf {
	bool on;
};

/* Of a request. */
struct shout {
	struct helper_question question; /* first */
	struct wakeup *wakeup;
	bool has_answer;
	int error, fd;
};

/* --- in the helper -------------------------------------------------------------------- */

/* 0 or -errno. */
static int copy_in_capitals(int from, int to)
{
	char bytes[4096];
	ssize_t n = 0;

	for (off_t at = 0; (n = pread(from, bytes, sizeof(bytes), at)) > 0; at += n) {
		for (ssize_t i = 0; i < n; i++)
			bytes[i] = (char)toupper((unsigned char)bytes[i]);
		if (write(to, bytes, (size_t)n) != n)
			return -EIO;
	}
	return n < 0 ? -errno : 0;
}

static void asked(struct helper_call *call)
{
	if (str_eq(call->payload, STR("die")))
		_exit(1);
	if (str_eq(call->payload, STR("open"))) {
		int file = open("/", O_RDONLY | O_DIRECTORY);
		helper_answer(call, file < 0 ? -errno : -EEXIST, STR(""), -1);
		return;
	}
	int fd = memfd_create("shout", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int error = fd < 0 ? -errno : copy_in_capitals(call->fd, fd);
	if (error == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		error = -errno;
	helper_answer(call, error, STR(""), error < 0 ? -1 : fd);
	if (fd >= 0)
		close(fd);
}

static const int calls[] = { SYS_memfd_create, SYS_fcntl, -1 };

static const struct helper shouter = { .name = "shouter", .calls = calls, .asked = asked };

/* --- in a worker ------------------------------------------------------------------------ */

static void on_answer(struct helper_question *question, const struct helper_answer *answer)
{
	struct shout *shout = (struct shout *)question;

	shout->has_answer = true;
	shout->error = answer->error;
	shout->fd = answer->fd;
	wakeup_fire(shout->wakeup);
}

static void on_cancel(void *data)
{
	struct shout *shout = data;

	helper_withdraw(&shout->question);
	wakeup_fire(shout->wakeup);
}

static verdict respond(struct request *req, struct shout *shout)
{
	struct stat status;

	if (shout->error) {
		request_log(req, LEVEL_ERROR, -shout->error, "shout: no answer");
		return 503;
	}
	/* It does not believe the helper that the bytes stay as they are. */
	if (fcntl(shout->fd, F_GET_SEALS) < (F_SEAL_SHRINK | F_SEAL_WRITE) ||
	    fstat(shout->fd, &status) < 0)
		return 500;
	req->response.status = 200;
	req->response.content_type = STR("text/plain");
	req->response.body =
		body_from_file(req, shout->fd, (uint64_t)status.st_size, NULL, NULL);
	return DONE;
}

/* The answer may come, and the client leave, before the handler is called again. */
static void close_fd(void *data)
{
	struct shout *shout = data;

	if (shout->fd >= 0)
		close(shout->fd);
}

static verdict shout_content(struct request *req, const void *data)
{
	const struct shout_conf *conf = data;
	struct shout *shout = request_context(req, &shout_module);
	struct file *file;

	if (!conf->on)
		return PASS;
	if (shout->has_answer)
		return respond(req, shout);
	if (file_open(req, request_path(req, req->uri), &file) == WAIT)
		return WAIT;
	if (file->kind != FILE_REGULAR || file->fd < 0)
		return PASS;
	shout->fd = -1;
	pool_cleanup(req->pool, close_fd, shout);
	shout->question.answered = on_answer;
	shout->wakeup = request_wait(req, on_cancel, shout);
	helper_ask(&shouter, &shout->question, req->args, file->fd);
	return WAIT;
}

const struct module shout_module = {
	.name = "shout",
	.summary = "serves files in capitals, which a helper makes",
	.conf_size = sizeof(struct shout_conf),
	.context_size = sizeof(struct shout),
	.directives = (const struct directive[]) {
		DIRECTIVE("shout", IN_ANY_HTTP, struct shout_conf, on, "on | off",
			  "Serves large files in capitals."),
		{ 0 }
	},
	.on[PHASE_CONTENT] = shout_content,
	.helper = &shouter,
};
