/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Templates, "…$name…${name}…", as conf_parse_template() has compiled them: literal parts
 * and variables. Which function gives a variable's value is decided when the whole
 * configuration was read, since a variable may be defined after its first use.
 * http/request/variable_values.c evaluates them.
 */
#ifndef SKUA_CONFIG_TEMPLATE_H
#define SKUA_CONFIG_TEMPLATE_H

#include <conf.h>
#include <variable.h>

/* A variable that some template uses. One for each name. */
struct variable_slot {
	struct str name;
	size_t index; /* of its value in a request: 0 … conf_variables_count() - 1 */
	unsigned flags;
	int capture; /* $1 … $9: its number; otherwise 0 */
	variable_get *get; /* NULL: the value is assigned (set, named captures) */
	variable_set *set; /* of a module: takes what is assigned; NULL: it is kept by index */
	struct str rest; /* of the name, after a prefix */
	const void *data; /* of variable_define() */
	const struct module *module; /* whose configuration the getter wants; NULL: data */
	size_t module_index;
	bool is_open; /* one of its definitions does not list its values */
	const struct variable_choice *choices; /* that the other definitions list; NULL: none */
	unsigned choices_count;
};

/* A value that a variable may have. */
struct variable_choice {
	const struct template *value;
	const struct variable_choice *next;
};

struct template_part {
	struct str literal; /* before the variable; may be empty */
	const struct variable_slot *slot; /* NULL in the last part, when a literal ends it */
};

struct template
{
	struct str source;
	const struct template_part *parts;
	size_t count;
	bool is_literal; /* one part or none, without a variable: `literal` is it */
	struct str literal;
};

/* Whether variable_settable() was called for a variable of this module. */
bool conf_sets_variable_of(const struct conf *conf, size_t module);

size_t conf_variables_count(const struct conf *conf);

/* The slot of a name (lower case) that was used or defined, or NULL. */
const struct variable_slot *conf_variable_find(const struct conf *conf, struct str name);

/*
 * For variable_text(): as conf_variable_find(), and when no template uses the
 * name, the module's variable with it, which is then volatile, since a request
 * has no room for its value. False: there is no such variable.
 */
bool conf_variable_resolve(const struct conf *conf, struct str name, struct variable_slot *out);

#endif
