/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of fields, as add_header, set_header, remove_header and add_trailer name them. The list
 * of a block takes the place of that of the block around it, or is added to it.
 */
#ifndef HEADERS_FIELDS_H
#define HEADERS_FIELDS_H

#include <module.h>

struct field {
	struct str name;
	const struct template *value; /* NULL: the field is removed */
	bool always; /* whatever the status */
	bool is_early; /* other filters look at it: on_validators (module.h) */
	bool is_validator; /* ETag or Last-Modified: an empty value takes it away */
};

struct field_list {
	struct field *items;
	size_t count, capacity;
	const struct conf_scope *scope; /* the block whose directives these are */
	const struct field_list *outer; /* what that block would have inherited */
	bool merges; /* the fields of `outer` are there, too */
};

/* *list becomes a list of the block that the directive stands in, unless it is one. */
void fields_begin(struct conf_call *call, struct field_list **list);

/*
 * Adds the field of the call's directive, "name value [always]", to *list, which becomes a new
 * list if it is an inherited one. 0, or -EINVAL after reporting.
 */
int fields_add(struct conf_call *call, struct field_list **list);

/* The same for remove_header, "name ...". */
int fields_remove(struct conf_call *call, struct field_list **list);

/* Whether the list is of the block that the directive stands in. */
bool fields_are_own(const struct conf_call *call, const struct field_list *list);

/* Whether fields without "always" are added to responses of this status. As in nginx. */
bool status_is_usual(int status);

/* Whether the field is for a response with the status of this one. */
bool field_applies(const struct request *req, const struct field *field);

/*
 * The next field of a list, then of those that it is merged with; NULL at the end.
 *
 *     struct field_cursor cursor = { list, 0 };
 *
 *     for (const struct field *field; (field = field_next(&cursor)) != NULL;)
 */
struct field_cursor {
	const struct field_list *list;
	size_t next;
};
const struct field *field_next(struct field_cursor *cursor);

#endif
