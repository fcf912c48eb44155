/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compiles strings with variables in them: "$name", "${name}", "$1". A name gets
 * a slot at its first use. Its getter is looked up when the whole configuration was read: a
 * variable that the configuration defines (map, set, a named capture) may come later in
 * the file than its use. Upper and lower case make no difference in names.
 */
#include "config/template.h"

#include <text.h>

#include "config/internal.h"
#include "config/known/known.h"

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

static const struct module_variable *find_prefix(const struct conf *conf, struct str name)
{
	const struct module_variable *best = NULL;
	size_t best_len = 0;

	for (const struct module_variable *v = conf->prefixes; v; v = v->next) {
		struct str prefix = str_from(v->variable->name);

		if (!str_starts(name, prefix))
			continue;
		if (!best || prefix.len > best_len) {
			best = v;
			best_len = prefix.len;
		}
	}
	return best;
}

static void slot_take(const struct conf *conf, struct variable_slot *slot,
		      const struct module_variable *found, size_t prefix_len)
{
	slot->get = found->variable->get;
	slot->set = found->variable->set;
	slot->flags = found->variable->flags;
	slot->rest = str_skip(slot->name, prefix_len);
	slot->module = conf->modules[found->module];
	slot->module_index = found->module;
}

/*
 * Looks up the getter of a capture or of a module's variable. False: there is none, and
 * perhaps the configuration defines the variable.
 */
static bool slot_settle(const struct conf *conf, struct variable_slot *slot)
{
	const struct module_variable *found = hash_get(&conf->variables, slot->name);

	if (slot->name.len == 1 && slot->name.data[0] >= '1' && slot->name.data[0] <= '9') {
		slot->capture = slot->name.data[0] - '0';
		return true;
	}
	if (found) {
		slot_take(conf, slot, found, slot->name.len);
		return true;
	}
	found = find_prefix(conf, slot->name);
	if (found)
		slot_take(conf, slot, found, strlen(found->variable->name));
	return found != NULL;
}

static struct variable_slot *slot_get(struct conf *conf, struct str name)
{
	struct str lower = pool_lower(conf->pool, name);
	struct variable_slot *slot = hash_get(&conf->slots, lower);

	if (slot)
		return slot;
	slot = pool_new(conf->pool, struct variable_slot);
	slot->name = lower;
	slot->index = conf->slot_count++;
	hash_put(&conf->slots, slot->name, slot);
	slot_settle(conf, slot);
	return slot;
}

static bool slot_known(const struct variable_slot *slot)
{
	return slot->get || slot->capture || (slot->flags & VARIABLE_ASSIGNED);
}

/* The place of a part of a word; of the whole word if escapes shift the columns. */
static struct conf_place place_within(const struct conf_word *word, size_t offset, size_t len)
{
	struct conf_place place = word->place;
	size_t quote = word->quoted ? 1 : 0;

	if (place.len != word->text.len + 2 * quote)
		return place;
	place.column += (uint32_t)(offset + quote);
	place.len = (uint32_t)len;
	return place;
}

static void note_use(struct conf *conf, struct variable_slot *slot, struct conf_place place)
{
	if (slot_known(slot))
		return;

	struct variable_use *use = pool_new(conf->pool, struct variable_use);

	*use = (struct variable_use){ .slot = slot, .place = place };
	*conf->last_use = use;
	conf->last_use = &use->next;
}

/*
 * Takes the name at the front of `text`, which begins with "$". *taken is its length with
 * the sign and the braces. False: there is no name.
 */
static bool take_name(struct str text, struct str *name, size_t *taken)
{
	size_t begin = 1, end;

	if (text.len > 1 && text.data[1] >= '1' && text.data[1] <= '9') {
		*name = str_range(text.data + 1, text.data + 2);
		*taken = 2;
		return true;
	}

	bool braces = text.len > 1 && text.data[1] == '{';

	begin += braces;
	for (end = begin; end < text.len && is_name_char(text.data[end]); end++)
		;
	if (end == begin || (braces && (end == text.len || text.data[end] != '}')))
		return false;
	*name = str_range(text.data + begin, text.data + end);
	*taken = end + braces;
	return true;
}

static int invalid_name(struct conf_call *call, const struct conf_word *word, size_t offset)
{
	struct str rest = str_skip(word->text, offset);
	struct conf_word part = *word;

	part.place = place_within(word, offset, 1);
	if (str_starts(rest, STR("${")) && str_chr(rest, '}') < 0)
		return conf_error(call, &part, "the \"}\" of this variable is missing");
	return conf_error(call, &part,
			  "a \"$\" without the name of a variable\n"
			  "letters, digits and \"_\" may follow it, or {name}");
}

struct part_list {
	struct template_part *parts;
	size_t count, capacity;
};

/* Only the last part has no variable: the end of a word is joined with what follows. */
static void add_part(struct conf_call *call, struct part_list *list, struct template_part part)
{
	struct template_part *last = list->count ? &list->parts[list->count - 1] : NULL;

	if (last && !last->slot) {
		const struct str both[] = { last->literal, part.literal };

		part.literal = pool_concat(call->pool, both, 2);
		*last = part;
		return;
	}
	list->parts =
		pool_grow(call->pool, list->parts, list->count, &list->capacity, sizeof(part));
	list->parts[list->count++] = part;
}

static int compile_parts(struct conf_call *call, const struct conf_word *word,
			 struct part_list *list)
{
	struct str text = word->text;

	while (!str_empty(text)) {
		ssize_t dollar = str_chr(text, '$');
		size_t before = dollar < 0 ? text.len : (size_t)dollar, taken;
		size_t offset = (size_t)(text.data - word->text.data) + before;
		struct str literal = str_head(text, before), name;

		if (dollar < 0) {
			add_part(call, list, (struct template_part){ .literal = literal });
			return 0;
		}
		text = str_skip(text, before);
		if (!take_name(text, &name, &taken))
			return invalid_name(call, word, offset);

		struct variable_slot *slot = slot_get(call->conf, name);

		note_use(call->conf, slot, place_within(word, offset, taken));
		add_part(call, list, (struct template_part){ literal, slot });
		text = str_skip(text, taken);
	}
	return 0;
}

int conf_parse_template_words(struct conf_call *call, const struct conf_word *words, size_t count,
			      const struct template **out)
{
	struct part_list list = { 0 };
	struct text source = { .pool = call->pool };

	for (size_t i = 0; i < count; i++) {
		int error = compile_parts(call, &words[i], &list);

		if (error < 0)
			return error;
		if (count > 1)
			text_add(&source, words[i].text);
	}

	struct template *template = pool_new(call->pool, struct template);

	template->source = count > 1 ? text_str(&source) : words[0].text;
	template->parts = list.parts;
	template->count = list.count;
	template->is_literal = list.count == 0 || (list.count == 1 && !list.parts[0].slot);
	template->literal = list.count > 0 && !list.parts[0].slot ? list.parts[0].literal : STR("");
	*out = template;
	return 0;
}

int conf_parse_template(struct conf_call *call, const struct conf_word *word,
			const struct template **out)
{
	return conf_parse_template_words(call, word, 1, out);
}

bool template_is_literal(const struct template *template, struct str *out)
{
	if (template->is_literal)
		*out = template->literal;
	return template->is_literal;
}

int conf_parse_variable(struct conf_call *call, const struct conf_word *word, struct str *out)
{
	size_t len = 1;

	while (len < word->text.len && is_name_char(word->text.data[len]))
		len++;
	if (!str_starts(word->text, STR("$")) || len == 1 || len != word->text.len)
		return conf_error(call, word,
				  "\"%.*s\" is not the name of a variable\n"
				  "expected \"$\" and letters, digits or \"_\"",
				  STR_ARG(word->text));
	*out = str_skip(word->text, 1);
	return 0;
}

int variable_define(struct conf_call *call, struct str name, variable_get *get, const void *data,
		    unsigned flags)
{
	struct conf *conf = call->conf;

	if (str_empty(name))
		return conf_error(call, NULL, "the name of the variable is empty");
	for (size_t i = 0; i < name.len; i++)
		if (!is_name_char(name.data[i]))
			return conf_error(call, NULL,
					  "invalid name of a variable \"$%.*s\"\n"
					  "letters, digits and \"_\" are allowed",
					  STR_ARG(name));
	if (hash_get(&conf->variables, pool_lower(conf->pool, name)))
		return conf_error(call, NULL,
				  "the variable \"$%.*s\" exists already\n"
				  "choose another name, see `skua help $%.*s`",
				  STR_ARG(name), STR_ARG(name));

	struct variable_slot *slot = slot_get(conf, name);
	bool is_fallback = flags & VARIABLE_FALLBACK;

	if (!slot->get || (get && !is_fallback)) {
		slot->get = get;
		slot->data = data;
		slot->module = NULL;
		slot->rest = STR("");
	}
	slot->flags |= flags & ~(unsigned)(VARIABLE_FALLBACK | VARIABLE_LISTED);
	if (!(flags & VARIABLE_LISTED))
		slot->is_open = true;
	if (!get || is_fallback)
		slot->flags |= VARIABLE_ASSIGNED;
	if (slot->flags & VARIABLE_ASSIGNED) /* which can be any text */
		slot->flags &= ~(unsigned)VARIABLE_PLAIN;
	return 0;
}

enum { CHOICES_MAX = 1000 };

void variable_value_template(struct conf_call *call, struct str name,
			     const struct template *value)
{
	struct variable_slot *slot = slot_get(call->conf, name);

	if (++slot->choices_count > CHOICES_MAX)
		slot->is_open = true;
	if (slot->is_open)
		return;

	struct variable_choice *choice = pool_new(call->pool, struct variable_choice);

	*choice = (struct variable_choice){ value, slot->choices };
	slot->choices = choice;
}

void variable_value(struct conf_call *call, struct str name, struct str value)
{
	if (slot_get(call->conf, name)->is_open)
		return;

	struct template *template = pool_new(call->pool, struct template);

	*template = (struct template){ .source = value, .is_literal = true, .literal = value };
	variable_value_template(call, name, template);
}

const struct variable_slot *variable_settable(struct conf_call *call, struct str name)
{
	struct conf *conf = call->conf;
	const struct module_variable *found =
		hash_get(&conf->variables, pool_lower(conf->pool, name));

	if (!found || !(found->variable->set || found->variable->flags & VARIABLE_SETTABLE))
		return NULL;

	struct variable_slot *slot = slot_get(conf, name);

	conf->sets_variable_of[slot->module_index] = true;
	slot->is_open = true;
	if (!slot->set) {
		slot->flags |= VARIABLE_ASSIGNED;
		slot->flags &= ~(unsigned)VARIABLE_PLAIN; /* it can be any text */
	}
	return slot;
}

bool conf_sets_variable_of(const struct conf *conf, size_t module)
{
	return conf->sets_variable_of[module];
}

/* Adds the names of the groups "(?<name>…)" in the word. */
static void note_groups(struct conf *conf, struct str text)
{
	ssize_t begin;

	while ((begin = str_find(text, STR("(?"))) >= 0) {
		text = str_skip(text, (size_t)begin + 2);
		text = str_skip(text, str_starts(text, STR("P")));
		if (!str_starts(text, STR("<")))
			continue;

		struct str rest = str_skip(text, 1), name = str_split(&rest, '>');

		hash_put(&conf->doubtful, pool_lower(conf->pool, name), conf);
	}
}

/* Adds the word; of "zone=name:size" the name. */
static void note_word(struct conf *conf, struct str text)
{
	if (str_starts(text, STR("zone="))) {
		text = str_skip(text, 5);
		text = str_split(&text, ':');
	}
	hash_put(&conf->doubtful_words, pool_strdup(conf->pool, text), conf);
}

bool conf_may_be_declared(const struct conf_call *call, struct str name)
{
	return hash_get(&call->conf->doubtful_words, name);
}

void note_doubtful(struct conf *conf, const struct conf_node *node)
{
	for (size_t i = 0; i < node->nargs; i++) {
		struct str text = node->args[i].text;

		if (str_starts(text, STR("$")))
			hash_put(&conf->doubtful, pool_lower(conf->pool, str_skip(text, 1)), conf);
		note_groups(conf, text);
		note_word(conf, text);
	}
	for (const struct conf_node *inner = node->first; inner; inner = inner->next)
		note_doubtful(conf, inner);
}

static const char *nearest_variable(const struct conf *conf, struct str name)
{
	struct nearest nearest = { .wanted = name };

	for (size_t i = 0; i < conf->module_count; i++) {
		const struct variable *variable = conf->modules[i]->variables;

		for (; variable && variable->name; variable++)
			nearest_offer(&nearest, variable->name);
	}
	return nearest.best;
}

/* The variables of nginx in templates that no module has. They have no value. */
struct valueless {
	struct text names; /* "$a, $b" */
	struct conf_place place; /* of the first */
	struct hash_table seen;
};

static void note_valueless(struct valueless *valueless, const struct variable_use *use)
{
	struct str name = use->slot->name;

	if (hash_put(&valueless->seen, name, (void *)use))
		return;
	if (str_empty(text_str(&valueless->names)))
		valueless->place = use->place;
	text_printf(&valueless->names, "%s$%.*s", valueless->names.len ? ", " : "", STR_ARG(name));
}

static void report_variable(struct conf *conf, const struct variable_use *use)
{
	struct str name = use->slot->name;
	const char *nearest = nearest_variable(conf, name);

	if (nearest)
		message_add(&conf->source, MESSAGE_ERROR, use->place,
			    "unknown variable \"$%.*s\"\ndid you mean \"$%s\"?", STR_ARG(name),
			    nearest);
	else
		message_add(&conf->source, MESSAGE_ERROR, use->place,
			    "unknown variable \"$%.*s\"\n`skua help` lists those there are",
			    STR_ARG(name));
}

void variables_settle(struct conf *conf)
{
	struct valueless valueless = { .names.pool = conf->pool, .seen.pool = conf->pool };

	for (const struct variable_use *use = conf->uses; use; use = use->next) {
		struct str name = use->slot->name;

		if (slot_known(use->slot) || hash_get(&conf->doubtful, name))
			continue;
		if (known_find(known_variables, name, IN_HTTP))
			note_valueless(&valueless, use);
		else
			report_variable(conf, use);
	}
	if (valueless.names.len)
		message_add(&conf->source, MESSAGE_WARNING, valueless.place,
			    "without a value here: %s\nin a log it is \"-\", elsewhere empty; "
			    "`skua help '$NAME'` says why",
			    text_str(&valueless.names).data);
}

size_t conf_variables_count(const struct conf *conf)
{
	return conf->slot_count;
}

const struct variable_slot *conf_variable_find(const struct conf *conf, struct str name)
{
	return hash_get(&conf->slots, name);
}

const struct variable_slot *variable_slot(struct conf_call *call, struct str name)
{
	return conf_variable_find(call->conf, pool_lower(call->pool, name));
}

bool conf_variable_resolve(const struct conf *conf, struct str name, struct variable_slot *out)
{
	const struct variable_slot *slot = conf_variable_find(conf, name);

	if (slot) {
		*out = *slot;
		return true;
	}
	*out = (struct variable_slot){ .name = name };
	if (!slot_settle(conf, out))
		return false;
	out->flags |= out->capture ? 0 : VARIABLE_VOLATILE;
	return true;
}
