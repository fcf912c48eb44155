/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chooses the form in which a response is sent, and changes the response to this form. The forms
 * are the existing ready-made files and the codings that are turned on for this response. If
 * another Accept-Encoding could get another form, the response has the field Vary, whatever its
 * own form is.
 */
#include "http/coding/coding.h"

#include <assert.h>

#include "http/coding/accept.h"
#include "http/coding/best.h"
#include "http/coding/kept.h"
#include "http/request/request_private.h"
#include "net/conn.h"

enum { FORMS_MAX = 2 * CODINGS_MAX };

struct form {
	const struct coding_entry *entry;
	struct file *ready; /* NULL: the body is encoded */
	int level;
	int best_level; /* of the form that the compressor may have made of it; 0: none */
	bool is_always; /* sent to every client, unless it can be decoded for the client */
};

/* The forms of one response; `accept` has the data of each form for accept_choose(). */
struct forms {
	struct form items[FORMS_MAX];
	struct accept_form accept[FORMS_MAX];
	size_t count;
	bool vary; /* which one is sent depends on Accept-Encoding */
};

static void add(struct forms *forms, struct form form, bool is_allowed)
{
	if (forms->count == FORMS_MAX)
		return;
	forms->items[forms->count] = form;
	forms->accept[forms->count++] = (struct accept_form){
		.coding = form.entry->coding->name,
		.is_ready = form.ready != NULL,
		.preference = form.entry->coding->preference,
		.is_allowed = is_allowed,
	};
	forms->vary = forms->vary || !form.is_always;
}

/* --- which forms there are ---------------------------------------------------- */

/* `plain` is the file at `path`; NULL: there is none. PASS or WAIT. */
static verdict add_ready_made(struct request *req, struct forms *forms, struct str path,
			      const struct file *plain)
{
	const struct coding_entry *list;
	size_t count = codings_list(&list);

	for (size_t i = 0; i < count; i++) {
		const struct coding_conf *conf = coding_settings(req, &list[i]);
		struct file *file;

		if (conf->ready_made == READY_MADE_OFF)
			continue;

		verdict v = ready_made_find(req, list[i].coding, path, plain, &file);

		if (v == WAIT)
			return v;
		if (file)
			add(forms,
			    (struct form){ .entry = &list[i],
					   .ready = file,
					   .is_always = conf->ready_made == READY_MADE_ALWAYS &&
							!conf->decodes },
			    coding_allows(req, &list[i]));
	}
	return PASS;
}

/*
 * Whether any response like this one may be encoded while it is sent.
 *
 * An attacker who can make a client request pages that contain texts of his choice, and who sees
 * the lengths of the encoded responses, can guess secrets in them (the attack BREACH). A response
 * that was made for one user may contain such secrets; files are the same for all users.
 */
static bool can_be_encoded(struct request *req, const struct compress_conf *compress)
{
	const struct response *response = &req->response;
	int status = response->status;
	bool is_private = !response->file && (req->known.authorization.data ||
					      response_find(req, STR("Set-Cookie")));

	if (req->parent || (status != 200 && status != 403 && status != 404))
		return false;
	if (is_private && !compress->is_private_too)
		return false;
	for (const struct header *field = response->headers; field; field = field->next)
		if (str_eq_nocase(field->name, STR("Cache-Control")) &&
		    list_has(field->value, STR("no-transform")))
			return false;
	return true;
}

static bool is_long_enough(const struct response *response, int64_t length)
{
	return response->body->length < 0 || response->body->length >= length;
}

/* The shortest response that `compress` encodes. */
enum { COMPRESS_MIN_LENGTH = 256 };

static void add_encoded(struct request *req, struct forms *forms,
			const struct compress_conf *compress)
{
	const struct response *response = &req->response;
	bool by_compress = is_long_enough(response, COMPRESS_MIN_LENGTH) && compress->codings &&
			   compress_has_type(response->content_type);
	const struct coding_entry *list;
	size_t count = codings_list(&list);

	for (size_t i = 0; i < count; i++) {
		const struct coding_conf *conf = coding_settings(req, &list[i]);
		bool is_compressed = by_compress && compress->codings & 1u << i;
		bool is_on = conf->on && is_long_enough(response, conf->min_length.bytes) &&
			     coding_types_have(&conf->types, response->content_type);
		struct form form = { .entry = &list[i], .level = (int)conf->level };

		if (!is_compressed && !is_on)
			continue;
		if (response->file)
			form.best_level = best_level(response->file, form.entry, form.level);
		add(forms, form, is_compressed || coding_allows(req, form.entry));
	}
}

/* --- which one is sent -------------------------------------------------------- */

enum { ROOM_FOR_LEVEL = 32 }; /* bytes of a tag for level and version */

/*
 * The tag of a form: "ab" becomes "ab-gz" for a ready-made file, and "ab-gz1.8f2c" for one that is
 * made here, with its level and a number for the version of the library, since another level or
 * version makes other bytes. `tag` is the plain form's, and may be empty. A ready-made file has no
 * level.
 */
static struct str form_tag(struct request *req, struct str tag, const struct form *form, int level)
{
	const struct coding *coding = form->entry->coding;
	const struct file *plain = req->response.file;

	if (str_empty(tag) || !str_ends(tag, STR("\"")))
		return STR("");
	if (form->ready && plain && str_eq(tag, plain->etag))
		tag = form->ready->etag; /* otherwise the configuration has replaced it */
	if (str_empty(tag))
		return tag;

	char *begin = pool_alloc(req->pool, tag.len + coding->tag.len + ROOM_FOR_LEVEL);
	char *to = begin;

	to = str_put(to, str_head(tag, tag.len - 1));
	*to++ = '-';
	to = str_put(to, coding->tag);
	if (!form->ready) {
		to = str_put_u64(to, (uint64_t)level);
		*to++ = '.';
		to = str_put(to, str_from(form->entry->version));
	}
	*to++ = '"';
	return str_range(begin, to);
}

/* Whether it is the tag of this form, or of the one that the compressor makes. */
static bool has_tag(struct request *req, const struct form *form, struct str tag)
{
	struct str plain = req->response.etag;

	return etag_equals_strongly(tag, form_tag(req, plain, form, form->level)) ||
	       (form->best_level &&
		etag_equals_strongly(tag, form_tag(req, plain, form, form->best_level)));
}

/*
 * A client that continues a download gets the form with which it has begun: the one whose tag is in
 * If-Range. Returns the index of this form, -1 for the plain form, or -2 if no form has the tag.
 */
static int find_by_tag(struct request *req, const struct forms *forms, struct str accepts)
{
	struct str tag = req->known.if_range, plain = req->response.etag;

	if (!req->known.range.data || !tag.data)
		return -2;
	if (etag_equals_strongly(tag, plain))
		return -1;
	for (size_t i = 0; i < forms->count; i++) {
		const struct form *form = &forms->items[i];

		if (forms->accept[i].is_allowed &&
		    accept_weight(accepts, form->entry->coding->name) > 0 &&
		    has_tag(req, form, tag))
			return (int)i;
	}
	return -2;
}

/*
 * accept_choose() for these forms. It depends on its arguments alone, and the few usual browsers
 * always send the same Accept-Encoding, so results are kept: parsing the list for each form costs
 * as much as the rest of the choice.
 */
static int choose_by_weight(struct str accepts, const struct forms *forms, bool has_plain)
{
	enum { KEPT = 16, TEXT_MAX = 64, FORM_BITS = 5, FORMS_KEPT = 12 };
	static_assert(CODINGS_MAX <= 1 << (FORM_BITS - 2), "a coding has these bits");
	static_assert(2 + FORMS_KEPT * FORM_BITS <= 64, "all forms are in one number");
	static struct choice {
		/*
		 * 2, or 3 with a plain form; then of each form its coding, is_ready and is_allowed,
		 * in FORM_BITS. 0: empty
		 */
		uint64_t forms;
		size_t len;
		char text[TEXT_MAX];
		int place;
	} choices[KEPT];
	const struct coding_entry *list;
	uint64_t bits = 2 | has_plain;

	if (accepts.len > TEXT_MAX || forms->count > FORMS_KEPT)
		return accept_choose(accepts, forms->accept, forms->count, has_plain);
	codings_list(&list);
	for (size_t i = 0; i < forms->count; i++)
		bits = bits << FORM_BITS | (uint64_t)(forms->items[i].entry - list) << 2 |
		       (uint64_t)forms->accept[i].is_ready << 1 | forms->accept[i].is_allowed;
	struct choice *choice = &choices[(accepts.len ^ bits ^ bits >> FORM_BITS) % KEPT];
	if (choice->forms != bits ||
	    !str_eq(accepts, (struct str){ choice->text, choice->len })) {
		choice->forms = bits;
		choice->len = (size_t)(str_put(choice->text, accepts) - choice->text);
		choice->place = accept_choose(accepts, forms->accept, forms->count, has_plain);
	}
	return choice->place;
}

static const struct form *choose(struct request *req, const struct forms *forms, bool has_plain)
{
	struct str accepts = coding_accepts(req);
	int place = find_by_tag(req, forms, accepts);

	if (place == -2)
		place = choose_by_weight(accepts, forms, has_plain);
	if (place >= 0)
		return &forms->items[place];
	for (size_t i = 0; i < forms->count; i++)
		if (forms->items[i].is_always && !req->parent)
			return &forms->items[i];
	return NULL;
}

/*
 * Validators that are not those of the plain file were given by somebody else, and stay but for
 * what distinguishes the forms.
 */
static void send_ready_made(struct request *req, const struct form *form)
{
	struct response *response = &req->response;
	const struct file *plain = response->file, *ready = form->ready;
	bool is_plain_time = response->last_modified >= 0 &&
			     response->last_modified == plain->mtime;

	response->etag = form_tag(req, response->etag, form, 0);
	if (is_plain_time && ready->mtime <= clock_wall_ms() / 1000) {
		response->last_modified = ready->mtime;
		response->last_modified_text = ready->last_modified;
	}
	response_add(req, STR("Content-Encoding"), form->entry->coding->name);
	body_close(response->body);
	response->body = file_body(req, form->ready);
	response->file = form->ready;
}

static bool client_has(struct request *req, const struct form *form, int level)
{
	return etag_list_has(request_list(req, STR("if-none-match")),
			     form_tag(req, req->response.etag, form, level), false);
}

/*
 * If the client has a form that is not there at the moment, the response becomes a 304 and nothing
 * is encoded: the encoding body is created but never read. False: the client has none, or there is
 * no memory for such a body.
 */
static bool is_with_client(struct request *req, const struct form *form,
			   const struct best_form *best)
{
	struct response *response = &req->response;
	int level = form->best_level;

	if (!req->known.if_none_match.data || response->status != 200)
		return false;
	if (best || !level || !client_has(req, form, level)) {
		level = form->level;
		if (kept_length(response->file, form->entry->coding, level) ||
		    !client_has(req, form, level))
			return false;
	}
	struct str tag = form_tag(req, response->etag, form, level);
	if (!encode_response(req, form->entry->coding, form->level))
		return false;
	response->etag = tag;
	return true;
}

/* Whether the client has the form that this worker has made, or a part of it. */
static bool has_first_form(struct request *req, const struct form *form)
{
	struct str tag = req->known.if_range;

	if (!kept_length(req->response.file, form->entry->coding, form->level))
		return false;
	if (tag.data && req->known.range.data)
		return etag_equals_strongly(
			tag, form_tag(req, req->response.etag, form, form->level));
	return req->known.if_none_match.data && client_has(req, form, form->level);
}

/* Responds with an encoded form that is there. `fd`: see struct best_form. */
static void send_kept(struct request *req, const struct form *form, int level, struct str bytes,
		      int fd)
{
	struct coding_context *context = coding_context(req);
	struct response *response = &req->response;

	response->etag = form_tag(req, response->etag, form, level);
	response_add(req, STR("Content-Encoding"), form->entry->coding->name);
	body_close(response->body);
	response->body = fd < 0 ? body_from_memory(req, bytes) :
				  body_from_file(req, fd, bytes.len, NULL, NULL);
	context->coding = form->entry->coding;
	context->in = response->file->size;
	context->out = bytes.len;
}

/* Transports and `sendfile off` would read the descriptor into memory. */
static bool can_send_from(const struct request *req, int fd)
{
	return fd >= 0 && !req->conn->transport && req->location->core->sendfile;
}

static verdict send_encoded(struct request *req, const struct form *form)
{
	struct file *file = req->response.file;
	enum kept_state state = KEPT_NONE;
	struct str bytes;

	if (file) {
		const struct best_form *best =
			form->best_level ? best_find(file, form->entry, form->level) : NULL;

		if (is_with_client(req, form, best))
			return PASS;
		if (best && !has_first_form(req, form)) {
			send_kept(req, form, best->level, best->bytes,
				  can_send_from(req, best->fd) ? best->fd : -1);
			return PASS;
		}
		state = kept_find(req, file, form->entry->coding, form->level, &bytes);
	}
	if (state == KEPT_WAIT)
		return WAIT;
	if (state == KEPT_THERE) {
		if (form->best_level)
			best_want(file, req->location->number, form->entry, form->level);
		send_kept(req, form, form->level, bytes, -1);
	} else if (state == KEPT_NONE) {
		encode_response(req, form->entry->coding, form->level);
	}
	return PASS;
}

/* Several forms have the same Last-Modified, and the request selects the form that is sent. */
static void note_dependence(struct request *req)
{
	response_vary(req, STR("Accept-Encoding"));
	req->response.date_is_weak = true;
}

verdict coding_filter(struct request *req, const void *unused)
{
	struct coding_context *context = coding_context(req);
	const struct compress_conf *compress = request_conf(req, &compress_module);
	struct response *response = &req->response;
	struct forms forms = { .count = 0 };

	(void)unused;
	if (!response->body || response->body == context->body)
		return PASS;
	if (!response_find(req, STR("Content-Encoding"))) {
		if (response->file && !req->parent) {
			verdict v =
				add_ready_made(req, &forms, response->file->path, response->file);
			if (v == WAIT)
				return v;
		}
		if (can_be_encoded(req, compress))
			add_encoded(req, &forms, compress);
	}
	if (forms.vary)
		note_dependence(req);
	const struct form *form = forms.count ? choose(req, &forms, true) : NULL;

	if (form && form->ready)
		send_ready_made(req, form);
	else if (form && send_encoded(req, form) == WAIT)
		return WAIT;
	context->body = response->body;
	return PASS;
}

/* --- where there is no plain file ----------------------------------------------- */

/* With a filter that decodes, one of these forms can be sent to every client. */
static const struct form *find_decodable(const struct request *req, const struct forms *forms)
{
	for (size_t i = 0; i < forms->count; i++) {
		const struct coding_conf *conf = coding_settings(req, forms->items[i].entry);

		if (conf->decodes && conf->ready_made == READY_MADE_ALWAYS)
			return &forms->items[i];
	}
	return NULL;
}

verdict coding_content(struct request *req, const void *unused)
{
	struct coding_context *context = coding_context(req);
	struct response *response = &req->response;
	struct forms forms = { .count = 0 };
	struct file *plain;

	(void)unused;
	if (context->has_looked)
		return PASS;
	if ((req->method == METHOD_GET || req->method == METHOD_HEAD) &&
	    !str_ends(req->uri, STR("/")) && coding_wants_ready_made(req)) {
		struct str path = request_path(req, req->uri);

		if (file_open(req, path, &plain) == WAIT)
			return WAIT;
		if (plain->kind == FILE_MISSING && plain->error == ENOENT &&
		    add_ready_made(req, &forms, path, NULL) == WAIT)
			return WAIT;
	}
	context->has_looked = true;

	const struct form *form = forms.count ? choose(req, &forms, false) : NULL;

	if (!form)
		form = find_decodable(req, &forms);
	if (forms.vary)
		note_dependence(req);
	if (!form)
		return PASS;
	respond_file(req, form->ready);
	response->etag = form_tag(req, response->etag, form, 0);
	response->file = NULL; /* the media type cannot be found from encoded content */
	response_add(req, STR("Content-Encoding"), form->entry->coding->name);
	return DONE;
}
