/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files for requests: references to files that end with the request, the wait for the opener, and
 * the messages in the error log about files that are not served.
 */
#include "http/files/files.h"

#include <errno.h>
#include <timer.h>

#include "file/permission.h"
#include "file/waiter.h"
#include "http/body/body_private.h"
#include "http/files/files_conf.h"
#include "http/files/piecewise.h"
#include "http/request/request_private.h"

static void release(void *file)
{
	file_release(file);
}

/* --- looking files up --------------------------------------------------------------- */

/*
 * Returns NULL as file_lookup() does. If there are no free descriptors, it closes the connection
 * that has been idle longest.
 */
static struct file *look_up(const struct file_query *query, struct file_need *need)
{
	struct file *file = file_lookup(query, need);

	if (!file || (file->error != EMFILE && file->error != ENFILE) || !conn_close_oldest_idle())
		return file;
	file_release(file);
	return file_lookup(query, need);
}

/*
 * A file that the opener was asked for on behalf of a request. The answer is newer than the
 * request, so the request uses it as long as it lives.
 */
struct request_file {
	struct file_waiter waiter; /* first */
	struct file_query query;
	bool is_status; /* only stat(2) was asked for */
	struct file *file; /* NULL: not yet */
	struct wakeup *wakeup; /* of the handler that waits */
	struct request_file *next;
};

enum { OPENER_MS = 10000 }; /* how long a request waits for the opener */

static void on_found(struct file_waiter *waiter, struct file *file)
{
	struct request_file *asked = (struct request_file *)waiter;

	asked->file = file;
	wakeup_fire(asked->wakeup);
	asked->wakeup = NULL;
}

/* Called when the request has ended, or has waited for OPENER_MS. */
static void on_cancel(void *data)
{
	struct request_file *asked = data;
	struct wakeup *wakeup = asked->wakeup;

	file_waiter_cancel(&asked->waiter);
	asked->wakeup = NULL;
	wakeup_fire(wakeup);
}

static void release_asked(void *data)
{
	struct request_file *asked = data;

	if (asked->file)
		file_release(asked->file);
}

static struct request_file *find_asked(struct request *req, const struct file_query *query,
				       bool is_status)
{
	struct request_file *asked = request_core(req)->files;

	while (asked && !(str_eq(asked->query.path, query->path) &&
			  asked->query.location == query->location &&
			  asked->is_status == is_status))
		asked = asked->next;
	return asked;
}

static verdict ask(struct request *req, const struct file_query *query,
		   const struct file_need *need, struct request_file *asked)
{
	if (!asked) {
		asked = pool_new(req->pool, struct request_file);
		asked->query = *query;
		asked->is_status = need->kind == FILE_STATUS;
		asked->next = request_core(req)->files;
		request_core(req)->files = asked;
		pool_cleanup(req->pool, release_asked, asked);
	}
	asked->waiter = (struct file_waiter){ .found = on_found };
	asked->wakeup = request_wait_for(req, OPENER_MS, on_cancel, asked);
	file_ask(query, need, &asked->waiter);
	return WAIT;
}

struct file_query request_file_query(struct request *req, struct str path)
{
	const struct files_conf *conf = files_conf_of(req->confs);
	struct file_root root = request_file_root(req);
	struct file_query query = files_conf_query(req, path, &root, conf);

	if (conf->dotfiles == DOTFILES_DENY)
		file_query_deny_dotfiles(&query, &root);
	query.location = req->location->number;
	return query;
}

static struct file *give_up(const struct file_query *query)
{
	return file_unavailable(query, ETIMEDOUT, "the disk or the opener does not answer");
}

static verdict open_query(struct request *req, const struct file_query *query, struct file **out)
{
	struct request_file *asked = find_asked(req, query, false);
	struct file_need need = { 0 };

	if (asked && asked->file) {
		*out = asked->file;
		return PASS;
	}
	struct file *file = asked && request_timed_out(req) ? give_up(query) :
							     look_up(query, &need);
	if (!file)
		return ask(req, query, &need, asked);
	pool_cleanup(req->pool, release, file);
	*out = file;
	return PASS;
}

verdict file_open(struct request *req, struct str path, struct file **out)
{
	struct file_query query = request_file_query(req, path);

	return open_query(req, &query, out);
}

verdict file_open_named(struct request *req, struct str path, struct file **out)
{
	const struct file_root root = { .path = STR("") };
	struct file_query query = file_query_make(path, &root, SYMLINKS_FOLLOW);

	query.location = req->location->number;
	return open_query(req, &query, out);
}

/* --- looking without opening -------------------------------------------------------- */

/*
 * Dotfiles are hidden if the client names them, for example by $request_filename. Names in the
 * configuration may be dotfiles.
 */
static bool is_hidden(struct request *req, const struct file_query *query,
		      const struct file_root *root)
{
	const struct files_conf *conf = files_conf_of(req->confs);
	struct file_query hidden = *query;

	if (conf->dotfiles != DOTFILES_DENY || !str_eq(query->path, request_path(req, req->uri)))
		return false;
	file_query_deny_dotfiles(&hidden, root);
	return hidden.is_hidden;
}

/* The file system answers late, so the opener asks it. */
static verdict test_slowly(struct request *req, const struct file_query *query,
			   const struct file_need *need, struct file_status *status)
{
	struct request_file *asked = find_asked(req, query, true);

	if (asked && !asked->file && request_timed_out(req))
		asked->file = give_up(query);
	if (!asked || !asked->file)
		return ask(req, query, need, asked);
	*status = file_entry_status(asked->file);
	return PASS;
}

static verdict test(struct request *req, struct str path, char *why, size_t why_size,
		    struct file_status *status)
{
	const struct files_conf *conf = files_conf_of(req->confs);
	struct file_root root = request_file_root(req);
	struct file_need need = { 0 };

	/* Names "." and ".." from variables in the root matter only for paths below the root. */
	root.has_dots = root.has_dots && str_starts(path, root.path);

	struct file_query query = files_conf_query(req, path, &root, conf);

	query.location = req->location->number;
	*status = (struct file_status){ .error = 0 };
	if (str_empty(path) || is_hidden(req, &query, &root))
		status->error = ENOENT;
	else if (memchr(path.data, '\0', path.len))
		status->error = ENAMETOOLONG;
	else if (query.has_dots)
		status->error = EACCES;
	else if (!(request_core(req)->events & EVENT_ENTERED) &&
		 file_status_may_wait(&query, &need))
		return test_slowly(req, &query, &need, status);
	else
		*status = file_lookup_status(&query, why, why_size);
	return PASS;
}

verdict file_test(struct request *req, struct str path, struct file_status *status)
{
	char why[1024] = "";

	if (test(req, path, why, sizeof(why), status) == WAIT)
		return WAIT;
	int error = status->error;

	if (error && error != ENOENT && error != ENOTDIR && error != ENAMETOOLONG)
		request_log(req, LEVEL_CRIT, error, "stat() \"%.*s\" failed%s%s", STR_ARG(path),
			    why[0] ? ": " : "", why);
	return PASS;
}

/* --- serving files ------------------------------------------------------------------ */

struct body *file_body(struct request *req, struct file *file)
{
	if (file->content.data)
		return body_from_memory(req, file->content);
	if (file->fd < 0) {
		struct file_query query = request_file_query(req, file->path);

		return body_piecewise(req, &query, file);
	}
	return body_of_entry(req, file);
}

verdict respond_file(struct request *req, struct file *file)
{
	const struct files_conf *conf = files_conf_of(req->confs);
	struct response *response = &req->response;
	time_t now = clock_wall_ms() / 1000;

	response->status = 200;
	response->file = file;
	response->body = file_body(req, file);
	if (conf->etag)
		response->etag = file->etag;
	response->last_modified = file->mtime < now ? file->mtime : now;
	response->last_modified_text = file->mtime < now ? file->last_modified : STR("");
	response->allow_ranges = true;
	return DONE;
}

static bool is_news(int error)
{
	static int64_t said_ms;
	static int said;

	if (error != said)
		said_ms = 0;
	said = error;
	return clock_is_due(&said_ms, SHORTAGE_LOG_MS);
}

/* Logs the same line as nginx, and after it which user lacks which permission. */
static void log_failed_open(struct request *req, enum log_level level, const struct file *file)
{
	char why[1024];

	if (str_empty(file->path)) {
		request_log(req, level, 0, "the URI \"%.*s\" names no file: %s", STR_ARG(req->uri),
			    str_starts(req->uri, STR("/")) ?
				    "it was rewritten, and alias does not stand for its beginning" :
				    "it does not begin with a slash");
		return;
	}
	why[0] = '\0';
	if (file->error == EACCES)
		permission_explain(file->path.data, why, sizeof(why));
	request_log(req, level, 0, "open() \"%.*s\" failed (%d: %s)%s%s", STR_ARG(file->path),
		    file->error, strerror(file->error), why[0] ? ": " : "", why);
}

static verdict refuse_missing(struct request *req, const struct file *file)
{
	int status = status_from_errno(file->error);

	/* 503 is for temporary failures of all requests: a shortage, or a disk that hangs. */
	if (status == 503 && !is_news(file->error))
		return status;
	if (!str_empty(file->refusal))
		request_log(req, LEVEL_ERROR, 0, "\"%.*s\" %s: %.*s", STR_ARG(file->path),
			    status == 403 ? "is forbidden" : "cannot be opened now",
			    STR_ARG(file->refusal));
	else if (status != 404 || req->location->core->log_not_found)
		log_failed_open(req, status < 500 ? LEVEL_ERROR : LEVEL_CRIT, file);
	return status;
}

verdict file_refuse(struct request *req, const struct file *file)
{
	switch (file->kind) {
	case FILE_MISSING:
		return refuse_missing(req, file);
	case FILE_OTHER:
		request_log(req, LEVEL_CRIT, 0, "\"%.*s\" is not a regular file",
			    STR_ARG(file->path));
		return 404;
	case FILE_DIRECTORY:
		request_log(req, LEVEL_ERROR, 0, "\"%.*s\" is a directory", STR_ARG(file->path));
		return 403;
	case FILE_REGULAR:
		break;
	}
	return 500;
}
