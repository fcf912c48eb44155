/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A subrequest whose body is put into a document, or into a variable. It runs by itself; its body
 * is read when the document has been sent up to it.
 *
 * Slices of its body may be held after it has ended, and may lie in the pool of the subrequest. So
 * each is counted, and the subrequest ends with the last of them, or with its parent.
 */
#include "page.h"

#include <stdlib.h>

/*
 * A subrequest and those who need it: the include, the slices of the body, and the subrequest
 * itself, which is ended when nobody else is left. On the heap, because slices may be released
 * last of all.
 */
struct holder {
	struct request *sub; /* NULL: its head is not known, or it has ended */
	size_t references;
};

struct held_slice {
	struct slice slice;
	struct holder *holder;
};

struct include {
	struct page *page;
	struct wakeup *wakeup; /* that body_wait() returned; NULL: nobody waits */
	struct holder *holder;
	struct request *sub; /* NULL until the head of its response is known */
	struct body *body; /* that is read: of the response or of the stub */
	struct page *stub_page; /* that `body` is; NULL: it is not */
	struct str stub; /* data NULL: none; otherwise it replaces an empty response */
	struct str variable; /* that gets the body; data NULL: none */
	struct text value; /* of the variable, so far; in a pool of its own */
	bool is_too_long; /* it is no value */
};

enum { VALUE_MAX = 64 * 1024 }; /* bytes of a body that becomes a value */

/* --- when it ends ---------------------------------------------------------------- */

static void holder_drop(struct holder *holder)
{
	if (--holder->references == 0)
		free(holder);
	else if (holder->references == 1 && holder->sub)
		subrequest_end(holder->sub);
}

/* pool_cleanup() of the subrequest. */
static void sub_has_ended(void *data)
{
	struct holder *holder = data;

	holder->sub = NULL;
	holder_drop(holder);
}

static void release_held(void *owner)
{
	struct held_slice *held = owner;

	slice_release(&held->slice);
	holder_drop(held->holder);
	free(held);
}

static void hold(struct holder *holder, struct slice *slice)
{
	struct held_slice *held = heap_alloc(sizeof(*held));

	*held = (struct held_slice){ *slice, holder };
	holder->references++;
	slice->release = release_held;
	slice->owner = held;
}

static void wake(struct include *include)
{
	struct wakeup *wakeup = include->wakeup;

	include->wakeup = NULL;
	if (wakeup)
		wakeup_fire(wakeup);
}

void include_end(struct include *include)
{
	wake(include);
	body_close(include->stub_page ? &include->stub_page->input.filter.body : NULL);
	include->stub_page = NULL;
	pool_destroy(include->value.pool);
	holder_drop(include->holder);
}

/* --- what it responds with ------------------------------------------------------- */

static void use_body(struct include *include, struct body *body)
{
	include->body = body;
	if (body)
		body_forward_ready(body, &include->page->input.filter.body);
}

/*
 * The stub is a document of the subrequest: its commands are executed if those of a response of
 * the parent's type would be.
 */
static void use_stub(struct include *include)
{
	struct request *sub = include->sub;
	const struct ssi_conf *conf = request_conf(sub, &ssi_module);
	struct body *body = body_from_memory(sub, include->stub);

	include->stub.data = NULL;
	use_body(include, body);
	/* As in nginx, it stays as it is in place of a response of length 0. */
	if (sub->response.status == 200 && (!sub->response.body || sub->response.body->length == 0))
		return;
	if (!ssi_is_document(conf, &include->page->req->response))
		return;

	struct page *page = pool_new(sub->pool, struct page);

	page_init(page, sub, conf);
	page->input.filter.body = (struct body){ .ops = &page_ops, .length = -1 };
	page->input.filter.inner = body;
	include->stub_page = page;
	use_body(include, &page->input.filter.body);
}

static void head_is_there(struct request *sub, void *data)
{
	struct include *include = data;

	include->sub = sub;
	include->holder->sub = sub;
	if (!(include->stub.data && sub->response.is_error_page))
		use_body(include, sub->response.body);
	wake(include);
}

struct include *include_start(struct page *page, const struct include_options *options)
{
	struct include *include = pool_new(page->req->pool, struct include);
	struct request *sub;

	if (page->shared->includes >= INCLUDES_MAX) {
		if (page->shared->includes++ == INCLUDES_MAX) /* logged once */
			request_log(page->req, LEVEL_ERROR, 0,
				    "SSI has included %d documents for this request: it includes "
				    "no more",
				    INCLUDES_MAX);
		return NULL;
	}
	include->page = page;
	sub = subrequest_start(page->req, options->uri, options->args, head_is_there, include);
	if (!sub)
		return NULL;
	page->shared->includes++;
	include->holder = heap_alloc(sizeof(*include->holder));
	*include->holder = (struct holder){ .references = 2 };
	pool_cleanup(sub->pool, sub_has_ended, include->holder);
	if (options->stub.data)
		include->stub = pool_strdup(sub->pool, options->stub);
	if (options->variable.data) {
		include->variable = pool_strdup(sub->pool, options->variable);
		include->value.pool = pool_create(0);
	}
	return include;
}

/* --- reading it ------------------------------------------------------------------ */

/* 1, 0 or -errno; 1 only if *out is a slice of the body. */
static int read_body(struct include *include, size_t max, struct slice *out)
{
	for (;;) {
		int result = include->body ? body_read(include->body, max, out) : 0;

		if (result == 1) {
			include->stub.data = NULL; /* the response is not empty */
			hold(include->holder, out);
		}
		if (result != 0 || !include->stub.data)
			return result;
		use_stub(include);
	}
}

static void set_variable(struct include *include)
{
	struct request *req = include->page->req;

	/* As in nginx, the value of a response that is an error stays empty. */
	if (include->sub->response.status >= 300)
		return;
	if (include->is_too_long)
		request_log(req, LEVEL_ERROR, 0,
			    "the response to \"%.*s\" is larger than %d bytes: the variable "
			    "\"%.*s\" of SSI stays empty",
			    STR_ARG(include->sub->uri), VALUE_MAX, STR_ARG(include->variable));
	else if (!shared_set(include->page->shared, include->variable, text_str(&include->value)))
		request_log(req, LEVEL_ERROR, 0,
			    "the variables and blocks of SSI have more than %d bytes: \"%.*s\" is "
			    "not set",
			    KEPT_MAX, STR_ARG(include->variable));
}

static int read_value(struct include *include, size_t max)
{
	struct slice slice;
	int result;

	while ((result = include->body ? body_read_memory(include->body, max, &slice) : 0) == 1) {
		if (include->is_too_long || slice.len > VALUE_MAX - include->value.len)
			include->is_too_long = true;
		else
			text_add(&include->value, (struct str){ slice.data, slice.len });
		slice_release(&slice);
	}
	if (result == 0)
		set_variable(include);
	return result;
}

int include_read(struct include *include, size_t max, struct slice *out)
{
	if (!include->sub) {
		if (!include->wakeup)
			include->wakeup =
				body_wait(include->page->req, &include->page->input.filter.body);
		return -EAGAIN;
	}
	return include->variable.data ? read_value(include, max) : read_body(include, max, out);
}
