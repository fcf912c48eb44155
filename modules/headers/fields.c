/* SPDX-License-Identifier: BSD-2-Clause */
#include "fields.h"

bool status_is_usual(int status)
{
	switch (status) {
	case 200:
	case 201:
	case 204:
	case 206:
	case 301:
	case 302:
	case 303:
	case 304:
	case 307:
	case 308:
		return true;
	default:
		return false;
	}
}

bool field_applies(const struct request *req, const struct field *field)
{
	return field->always || status_is_usual(req->response.status);
}

const struct field *field_next(struct field_cursor *cursor)
{
	while (cursor->list && cursor->next == cursor->list->count) {
		cursor->list = cursor->list->merges ? cursor->list->outer : NULL;
		cursor->next = 0;
	}
	return cursor->list ? &cursor->list->items[cursor->next++] : NULL;
}

bool fields_are_own(const struct conf_call *call, const struct field_list *list)
{
	return list && list->scope == call->scope;
}

void fields_begin(struct conf_call *call, struct field_list **list)
{
	struct field_list *own;

	if (fields_are_own(call, *list))
		return;
	own = pool_new(call->pool, struct field_list);
	own->scope = call->scope;
	own->outer = *list;
	*list = own;
}

static void append(struct conf_call *call, struct field_list **list, struct field field)
{
	struct field_list *own;

	fields_begin(call, list);
	own = *list;
	own->items = pool_grow(call->pool, own->items, own->count, &own->capacity, sizeof(field));
	own->items[own->count++] = field;
}

/* `done` is a word for the message, such as "added": what the directive does with the field. */
static int check_name(struct conf_call *call, const struct conf_word *word, const char *done)
{
	if (!is_token(word->text))
		return conf_error(call, word,
				  "invalid field name \"%.*s\"\n"
				  "expected letters, digits and hyphens",
				  STR_ARG(word->text));
	if (str_eq_nocase(word->text, STR("Content-Length")) ||
	    str_eq_nocase(word->text, STR("Transfer-Encoding")))
		return conf_error(call, word,
				  "\"%.*s\" cannot be %s\n"
				  "the server writes it as the response needs it",
				  STR_ARG(word->text), done);
	return 0;
}

static struct field field_of(struct str name)
{
	static const struct str early[] = {
		STR_INIT("ETag"), STR_INIT("Last-Modified"), STR_INIT("Cache-Control"),
		STR_INIT("Expires"), STR_INIT("Content-Encoding"), STR_INIT("Set-Cookie"),
	};
	enum { VALIDATORS = 2, EARLY = sizeof(early) / sizeof(early[0]) };
	struct field field = { .name = name };

	for (int i = 0; i < EARLY; i++)
		if (str_eq_nocase(name, early[i])) {
			field.is_early = true;
			field.is_validator = i < VALIDATORS;
		}
	return field;
}

int fields_add(struct conf_call *call, struct field_list **list)
{
	const struct conf_word *args = call->node->args;
	struct field field = field_of(args[0].text);
	struct conf_word value = conf_fold_lines(call, &args[1]);

	if (check_name(call, &args[0], "added") < 0 ||
	    conf_parse_template(call, &value, &field.value) < 0)
		return -EINVAL;
	if (call->node->nargs == 3 && !conf_word_is(&args[2], "always"))
		return conf_error(call, &args[2], "unknown parameter \"%.*s\"\nexpected \"always\"",
				  STR_ARG(args[2].text));
	field.always = call->node->nargs == 3;
	append(call, list, field);
	return 0;
}

int fields_remove(struct conf_call *call, struct field_list **list)
{
	for (size_t i = 0; i < call->node->nargs; i++) {
		const struct conf_word *word = &call->node->args[i];
		struct field field = field_of(word->text);

		if (check_name(call, word, "removed") < 0)
			return -EINVAL;
		if (str_eq_nocase(word->text, STR("Content-Encoding")) ||
		    (response_writes(word->text) && !str_eq_nocase(word->text, STR("Server"))))
			return conf_error(call, word,
					  "\"%.*s\" cannot be removed\n"
					  "the server writes it as the response needs it",
					  STR_ARG(word->text));
		append(call, list, field);
	}
	return 0;
}
