/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Evaluates variables and templates. A value is asked for once in a request and
 * kept by the index of its variable, unless the variable is volatile. A template
 * without variables costs nothing, one that is a single variable is not copied,
 * others are written out in one allocation, or where the caller wants them.
 */
#include <errno.h>
#include <text.h>
#include <variable.h>

#include "config/template.h"
#include "http/field/uri.h"
#include "http/request/request_private.h"

enum {
	PARTS_ON_STACK = 16,
	DEPTH_MAX = 100, /* of variables whose values are made of variables */
	SHARED_MAX =
		4 << 20, /* bytes of values that the subrequests of a request may leave to it */
};

/*
 * Whose value it is. As in nginx, a request and its subrequests share the variables that the
 * configuration defines (set, map, named captures …): each sees what another one has assigned or
 * computed. A variable of a module has a value of its own in each of them, because it depends on
 * their location.
 */
static inline struct request *owner_of(struct request *req, const struct variable_slot *slot)
{
	if (!slot->module || slot->flags & VARIABLE_ASSIGNED)
		while (req->parent)
			req = req->parent;
	return req;
}

static struct variable_value *value_of(struct request *owner, const struct variable_slot *slot)
{
	struct request_core *core = request_core(owner);

	if (!core->values)
		core->values = pool_array(owner->pool, struct variable_value,
					  conf_variables_count(owner->server->common->conf));
	return &core->values[slot->index];
}

/*
 * Keeps a value, of which the owner gets a copy if a subrequest has made it, because the
 * subrequest may end before the owner. If there is no room for the copy, the owner keeps what it
 * had. Values that were replaced count, too: they stay in the pool, since somebody may use them.
 */
static void keep_value(struct request *req, const struct variable_slot *slot, bool found,
		       struct str text)
{
	struct request *owner = owner_of(req, slot);
	struct request_core *core = request_core(owner);
	struct variable_value *value = value_of(owner, slot);

	value->known = true;
	if (owner != req && found) {
		if (value->found && str_eq(value->text, text))
			return;
		if (text.len > SHARED_MAX - core->shared_bytes) {
			request_log(req, LEVEL_ERROR, 0,
				    "the variables of subrequests have more than %d bytes: "
				    "$%.*s keeps its value, or has none",
				    SHARED_MAX, STR_ARG(slot->name));
			return;
		}
		core->shared_bytes += text.len;
		text = pool_strdup(owner->pool, text);
	}
	value->found = found;
	value->text = text;
}

static bool call_getter(struct request *req, const struct variable_slot *slot, struct str *out)
{
	const void *data = slot->module ? req->confs[slot->module_index] : slot->data;

	return slot->get(req, slot->rest, data, out);
}

static bool kept_value(struct request *req, const struct variable_slot *slot, struct str *out)
{
	const struct variable_value *value = value_of(owner_of(req, slot), slot);

	if (!value->known) {
		bool found = slot->get && call_getter(req, slot, out);

		if (slot->flags & VARIABLE_VOLATILE)
			return found;
		keep_value(req, slot, found, *out);
	}
	*out = value->found ? value->text : STR("");
	return value->found;
}

/* The value of a variable: from its getter, from $1 …, or as it was kept or assigned. */
static bool slot_value(struct request *req, const struct variable_slot *slot, struct str *out)
{
	*out = STR("");
	/* A value that was assigned is not computed again. */
	if ((slot->flags & (VARIABLE_VOLATILE | VARIABLE_ASSIGNED)) == VARIABLE_VOLATILE)
		return call_getter(req, slot, out);
	if (!slot->capture)
		return kept_value(req, slot, out);

	size_t number = (size_t)slot->capture;

	if (number >= req->captures_count || !req->captures[number].data)
		return false;
	*out = req->captures[number];
	return true;
}

/*
 * The value, also where a getter may ask for further variables, perhaps for its own one. When
 * such a cycle was found, no further getter is called until the outermost one returns:
 * if each value were made of two others, that would take 2^DEPTH_MAX calls.
 */
static bool slot_found(struct request *req, const struct variable_slot *slot, struct str *out)
{
	static int depth;
	static bool is_cycle;

	*out = STR("");
	if (is_cycle)
		return false;
	if (depth == DEPTH_MAX) {
		is_cycle = true;
		request_log(req, LEVEL_ERROR, 0,
			    "the value of the variable $%.*s is made of itself",
			    STR_ARG(slot->name));
		return false;
	}
	depth++;
	bool is_found = slot_value(req, slot, out);

	if (--depth == 0)
		is_cycle = false;
	return is_found;
}

static struct str slot_text(struct request *req, const struct variable_slot *slot)
{
	struct str text;

	slot_found(req, slot, &text);
	return text;
}

void variable_assign(struct request *req, const struct variable_slot *slot, struct str text)
{
	if (slot->set)
		slot->set(req, text);
	else
		keep_value(req, slot, text.data != NULL, text);
}

/* What a template is made of in a request: literal, value, literal, value … */
struct texts {
	struct str on_stack[2 * PARTS_ON_STACK];
	struct str *items;
	size_t count;
};

static void ask_values(struct request *req, const struct template *template, struct texts *texts)
{
	texts->items = texts->on_stack;
	texts->count = 0;
	if (template->count > PARTS_ON_STACK)
		texts->items = pool_array(req->pool, struct str, 2 * template->count);
	for (size_t i = 0; i < template->count; i++) {
		const struct template_part *part = &template->parts[i];

		texts->items[texts->count++] = part->literal;
		if (part->slot)
			texts->items[texts->count++] = slot_text(req, part->slot);
	}
}

struct str template_text(struct request *req, const struct template *template)
{
	const struct template_part *first = template->parts;

	if (template->is_literal)
		return template->literal;
	if (template->count == 1 && str_empty(first->literal))
		return slot_text(req, first->slot);

	struct texts texts;

	ask_values(req, template, &texts);
	return pool_concat(req->pool, texts.items, texts.count);
}

/* --- paths ------------------------------------------------------------------ */

static unsigned kind_of_name(struct str name)
{
	if (str_eq(name, STR(".")) || str_eq(name, STR("..")))
		return PATH_HAS_DOTS;
	return is_dotfile(name) ? PATH_HAS_DOTFILE : 0;
}

/*
 * The kinds of the names that values have brought into the first `len` bytes of the path that these
 * texts make. A name counts if a part of it is a value's, or if a value, which may be empty, stands
 * directly before or behind it.
 */
static unsigned names_of_values(const struct texts *texts, struct str path, size_t len)
{
	size_t name = 0, begin = 0, end; /* of the name, of the text: places in the path */
	bool is_touched = false;
	unsigned kinds = 0;

	for (size_t i = 0; i < texts->count && begin <= len; i++, begin = end) {
		bool is_value = i % 2 == 1;

		end = begin + texts->items[i].len;
		is_touched = is_touched || is_value;
		for (size_t at = begin; at < end && at < len; at++) {
			if (path.data[at] != '/')
				continue;
			if (is_touched)
				kinds |= kind_of_name(str_range(path.data + name, path.data + at));
			is_touched = is_value;
			name = at + 1;
		}
	}
	if (is_touched)
		kinds |= kind_of_name(str_range(path.data + name, path.data + len));
	return kinds;
}

static unsigned write_path(struct request *req, const struct template *template, bool has_args,
			   struct str *out)
{
	struct texts texts;

	*out = template->literal;
	if (template->is_literal)
		return 0;
	ask_values(req, template, &texts);
	*out = pool_concat(req->pool, texts.items, texts.count);

	ssize_t mark = has_args ? str_chr(*out, '?') : -1;

	return names_of_values(&texts, *out, mark < 0 ? out->len : (size_t)mark);
}

unsigned template_path_names(struct request *req, const struct template *template, struct str *out)
{
	return write_path(req, template, false, out);
}

bool template_path(struct request *req, const struct template *template, struct str *out)
{
	return !(write_path(req, template, false, out) & PATH_HAS_DOTS) && str_chr(*out, '\0') < 0;
}

bool template_uri(struct request *req, const struct template *template, struct str *out)
{
	return !(write_path(req, template, true, out) & PATH_HAS_DOTS);
}

/* --- names of files that are made -------------------------------------------- */

static bool is_part_of_name(struct str value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.data[i] < 0x20 || value.data[i] == 0x7f ||
		    value.data[i] == '/')
			return false;
	return value.len > 0;
}

static bool has_dot_names(struct str path)
{
	while (path.len)
		if (kind_of_name(str_split(&path, '/')) & PATH_HAS_DOTS)
			return true;
	return false;
}

int template_file_name(struct request *req, const struct template *template, size_t limit,
		       struct str *out)
{
	struct texts texts;
	size_t len = 0;

	ask_values(req, template, &texts);
	for (size_t i = 0; i < texts.count; i++) {
		if (i % 2 == 1 && !is_part_of_name(texts.items[i]))
			return -EINVAL;
		if (texts.items[i].len > limit - len)
			return -ENAMETOOLONG;
		len += texts.items[i].len;
	}
	*out = pool_concat(req->pool, texts.items, texts.count);
	return has_dot_names(*out) ? -EINVAL : 0;
}

/* The shortest values are tried: a longer one could only leave less for the parts behind it. */
bool template_could_name(const struct template *template, struct str text)
{
	if (has_dot_names(text))
		return false;
	for (size_t i = 0; i < template->count; i++) {
		const struct template_part *part = &template->parts[i];
		bool is_last = i + 1 == template->count;
		struct str next = is_last ? STR("") : template->parts[i + 1].literal;

		if (!str_starts(text, part->literal))
			return false;
		text = str_skip(text, part->literal.len);
		if (!part->slot)
			return text.len == 0;
		if (is_last || (i + 2 == template->count && !template->parts[i + 1].slot))
			return str_ends(text, next) &&
			       is_part_of_name(str_head(text, text.len - next.len));

		ssize_t end = text.len ? str_find(str_skip(text, 1), next) : -1;

		if (end < 0 || !is_part_of_name(str_head(text, (size_t)end + 1)))
			return false;
		text = str_skip(text, (size_t)end + 1);
	}
	return text.len == 0;
}

/* --- texts of limited length --------------------------------------------------- */

/* What nginx calls quoted_uri and plus_in_uri. A subrequest has its URI from a module. */
static bool client_encoded_path(const struct request *req)
{
	struct str target = req->target, path = str_split(&target, '?');

	return !req->parent && (str_chr(path, '%') >= 0 || str_chr(path, '+') >= 0);
}

static void encode_captures(struct request *req, const struct template *template,
			    struct texts *texts)
{
	size_t at = 0;

	for (size_t i = 0; i < template->count; i++) {
		const struct variable_slot *slot = template->parts[i].slot;

		at += slot ? 2 : 1;
		if (slot && slot->capture)
			texts->items[at - 1] = capture_escape(req->pool, texts->items[at - 1]);
	}
}

int template_write(struct request *req, const struct template *template, unsigned rules,
		   size_t limit, struct str *out)
{
	struct text text = { .pool = req->pool };
	struct texts texts;

	*out = template->literal;
	if (template->is_literal)
		return out->len <= limit ? 0 : -E2BIG;
	ask_values(req, template, &texts);
	if (rules & TEMPLATE_ENCODES && client_encoded_path(req))
		encode_captures(req, template, &texts);
	for (size_t i = 0; i < texts.count; i++) {
		if (texts.items[i].len > limit - text.len)
			return -E2BIG;
		text_add(&text, texts.items[i]);
	}
	*out = text_str(&text);
	if (rules & TEMPLATE_IS_PATH && names_of_values(&texts, *out, out->len) & PATH_HAS_DOTS)
		return -EACCES;
	return 0;
}

/* --- logs and conditions ---------------------------------------------------- */

static char *put_plain(char *to, const char *limit, struct str text)
{
	return text.len <= (size_t)(limit - to) ? str_put_short(to, text) : NULL;
}

char *template_put(struct request *req, const struct template *template, variable_put *put,
		   char *to, const char *limit)
{
	struct str value;

	for (size_t i = 0; i < template->count && to; i++) {
		const struct template_part *part = &template->parts[i];

		to = put_plain(to, limit, part->literal);
		if (!part->slot || !to)
			continue;

		bool found = slot_value(req, part->slot, &value);

		if (found && part->slot->flags & VARIABLE_PLAIN)
			to = put_plain(to, limit, value);
		else
			to = put(to, limit, value, found);
	}
	return to;
}

bool template_is_true(struct request *req, const struct template *template)
{
	struct str text = template_text(req, template);

	return !str_empty(text) && !str_eq(text, STR("0"));
}

bool variable_find(struct request *req, struct str name, struct str *out)
{
	struct variable_slot slot;

	*out = STR("");
	if (!conf_variable_resolve(req->server->common->conf, name, &slot) || slot.capture)
		return false;
	return slot_found(req, &slot, out);
}

struct str variable_text(struct request *req, struct str name)
{
	struct variable_slot slot;

	if (!conf_variable_resolve(req->server->common->conf, name, &slot))
		return STR("");
	return slot_text(req, &slot);
}
