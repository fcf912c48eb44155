/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adds the bodies of other responses of this server before and after the body of a response.
 *
 *     add_before_body /header.html;
 *     add_after_body  /footer.html;
 *
 * Each part is a subrequest, which begins when the client has read the body up to this part.
 */
#include <module.h>

struct addition_conf {
	struct str before, after;
	struct str_list types;
};

/* A body that is added. */
struct part {
	struct str uri;
	struct wakeup *wakeup; /* that body_wait() returned; NULL: nobody waits */
	struct request *sub; /* NULL until the head of its response is known */
	bool is_asked, has_failed, is_forwarded;
};

enum { BEFORE, ITSELF, AFTER, END };

struct added_body {
	struct body_filter filter;
	struct request *req;
	struct part parts[2];
	int at; /* BEFORE … */
};

static void wake(struct part *part)
{
	struct wakeup *wakeup = part->wakeup;

	part->wakeup = NULL;
	if (wakeup)
		wakeup_fire(wakeup);
}

static void head_is_there(struct request *sub, void *data)
{
	struct part *part = data;

	part->sub = sub;
	wake(part);
}

/* As body_ops.read; 0: the part has ended. */
static int read_part(struct added_body *body, struct part *part, size_t max, struct slice *out)
{
	struct body *added = part->sub ? part->sub->response.body : NULL;

	if (str_empty(part->uri) || part->has_failed || (part->sub && !added))
		return 0;
	if (!part->is_asked) {
		part->is_asked = true;
		part->wakeup = body_wait(body->req, &body->filter.body);
		part->has_failed = !subrequest_start(body->req, part->uri, STR(""), head_is_there,
						     part);
		if (part->has_failed)
			wake(part);
	}
	if (!added)
		return -EAGAIN;
	if (!part->is_forwarded)
		body_forward_ready(added, &body->filter.body);
	part->is_forwarded = true;
	return body_read(added, max, out);
}

static int added_read(struct body *body, size_t max, struct slice *out)
{
	struct added_body *added = (struct added_body *)body;
	int result = 0;

	for (; added->at < END && result == 0; added->at += result == 0) {
		if (added->at == ITSELF)
			result = body_read(added->filter.inner, max, out);
		else
			result = read_part(added, &added->parts[added->at == AFTER], max, out);
	}
	return result;
}

/* The bodies of subrequests are closed with them. */
static void added_close(struct body *body)
{
	struct added_body *added = (struct added_body *)body;

	wake(&added->parts[0]);
	wake(&added->parts[1]);
	body_filter_close(body);
}

static verdict addition_filter(struct request *req, const void *data)
{
	static const struct body_ops ops = { .read = added_read, .close = added_close };
	const struct addition_conf *conf = data;

	if (req->parent || req->response.status != 200 || !req->response.body ||
	    (str_empty(conf->before) && str_empty(conf->after)) ||
	    !response_has_type(&req->response, &conf->types))
		return PASS;

	struct added_body *body = pool_new(req->pool, struct added_body);

	body->req = req;
	body->parts[0].uri = conf->before;
	body->parts[1].uri = conf->after;
	response_transform(req, true);
	body_wrap(req, &body->filter, &ops, -1);
	return PASS;
}

#define ADD_DOC(where, name)                                                                     \
	"Adds the body of the response for the URI " where " the body of responses with status " \
							   "200 whose types are in " \
							   "addition_types. The server makes a " \
							   "subrequest for the URI, which may " \
							   "be internal; allow, deny and other " \
							   "access rules do not apply to it. " \
							   "With an empty URI nothing is " \
							   "added.\n\n" \
							   "    " name " /parts/" name ".html;"

const struct module addition_module = {
	.name = "addition",
	.summary = "adds other bodies before and after responses",
	.conf_size = sizeof(struct addition_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("add_before_body", IN_ANY_HTTP, struct addition_conf, before, "uri",
			  ADD_DOC("before", "add_before_body")),
		DIRECTIVE("add_after_body", IN_ANY_HTTP, struct addition_conf, after, "uri",
			  ADD_DOC("behind", "add_after_body")),
		DIRECTIVE("addition_types", IN_ANY_HTTP, struct addition_conf, types, "type ...",
			  "The types of responses that get additions, in addition to text/html. "
			  "\"*\" is any type.\n\n"
			  "    addition_types text/plain;"),
		{ 0 }
	},
	.on[PHASE_FILTER] = addition_filter,
	.filter_role = FILTER_CONTENT,
	.if_configured = true,
};
