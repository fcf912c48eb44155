/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of this folder share: the configuration itself and the tables of names.
 * conf_load() (config.c) leads a configuration through them in this order: config/source/
 * makes a tree of nodes of the files; plan.c finds the directive of each node of a block;
 * apply.c runs the directives, whose words the parsers of field.c put into the modules'
 * structs, which scope.c makes for each block; template.c looks up the variables that were
 * used; config/source/message.c prints the mistakes.
 */
#ifndef SKUA_CONFIG_INTERNAL_H
#define SKUA_CONFIG_INTERNAL_H

#include <hash.h>

#include "base/nearest.h"
#include "config/config.h"
#include "config/modules.h"
#include "config/source/source.h"
#include "config/template.h"

/* A directive of a module's table. Those of one name are a chain. */
struct directive_entry {
	const struct directive *directive;
	size_t module;
	struct directive_entry *next;

	/* The last block that has this directive, and its first node there. */
	unsigned seen_block;
	const struct conf_node *seen_node;
};

/* A use of a variable that no module has: perhaps the configuration defines it. */
struct variable_use {
	struct variable_slot *slot;
	struct conf_place place;
	struct variable_use *next;
};

struct conf {
	struct pool *pool;
	struct conf_source source; /* its files and messages */
	struct conf_options options;
	const struct module *const *modules;
	size_t module_count;
	const struct absent_directive *absent;

	struct hash_table directives; /* name to struct directive_entry */
	unsigned blocks; /* how many were planned */
	bool *failed; /* by module: one of its directives was wrong */
	const void **initial; /* by module: its struct of defaults */
	struct conf_scope *main, *last_scope;

	struct hash_table slots; /* name to struct variable_slot */
	size_t slot_count;
	struct hash_table variables; /* name to struct module_variable */
	struct module_variable *prefixes;
	bool *sets_variable_of; /* by module: conf_sets_variable_of() */
	struct variable_use *uses, **last_use;
	struct hash_table doubtful; /* names of variables that refused lines may define */
	struct hash_table doubtful_words; /* other words of these lines */

	struct hash_table shared; /* key's bytes to memory */

	struct forwarding_row *forwarding, *last_forwarding; /* of conf_forwards() */
};

/* --- names.c ------------------------------------------------------------- */

/* Fills the tables of directives and variables from the modules. */
void names_init(struct conf *conf);

/* The directive of this name that may stand in the context, or NULL. */
struct directive_entry *directive_find(const struct conf *conf, struct str name, unsigned context);

/* The nearest name of a directive (in the context, if one is near), or NULL. */
const char *directive_nearest(const struct conf *conf, struct str name, unsigned context);

/* "http, server or location", in the pool; the last joint is " or ". */
struct str contexts_text(struct pool *pool, unsigned contexts, const char *last_joint);

/* --- table_check.c -------------------------------------------------------- */

/* Are the tables of all modules sound? What is not is reported; names_init() comes first. */
bool tables_check(struct conf *conf);

/* --- field.c ------------------------------------------------------------- */

/* Parses the words of the call into the directive's field. */
int conf_field_parse(struct conf_call *call);

/* The numbers of words that a directive takes. */
void directive_arity(const struct directive *directive, unsigned *min, unsigned *max);

/* --- scope.c ------------------------------------------------------------- */

struct conf_scope *scope_create(struct conf *conf, struct conf_scope *parent,
				enum conf_context context, const struct conf_node *node);

/* Does the scope have a struct of the module that its parent does not share? */
bool scope_owns(const struct conf_scope *scope, size_t module);

/* The scope's own struct: at first a copy of what it shares with its parent. */
void *scope_own(struct conf *conf, struct conf_scope *scope, size_t index);

/* --- plan.c -------------------------------------------------------------- */

/* A node whose directive is known and whose shape is right. */
struct step {
	struct directive_entry *entry;
	const struct conf_node *node;
	bool first; /* of this directive in the block */
	bool swallows; /* its words seem to contain another directive */
};

struct plan {
	struct step *steps;
	size_t count, capacity;
};

struct plan plan_block(struct conf *conf, struct conf_scope *scope, struct conf_node *first);

/*
 * Where a semicolon was forgotten, the next directive's words belong to this one:
 * the first word (of those from `least` on) that begins a later line and is the
 * name of a directive of this block. Its index among the arguments, or nargs.
 */
size_t swallowed_name(const struct conf *conf, const struct conf_scope *scope,
		      const struct conf_node *node, size_t least);

/* Reports the semicolon that is missing before the argument with this index. */
void report_missing_semicolon(struct conf *conf, const struct conf_node *node, size_t index);

bool is_block_directive(const struct directive *directive);

/* --- apply.c ------------------------------------------------------------- */

/* Opens the main scope: every module's defaults. */
void apply_defaults(struct conf *conf);

/* Applies the nodes of a block to its scope. */
void apply_block(struct conf *conf, struct conf_scope *scope, struct conf_node *first);

/* Calls the check() of the modules for each scope. */
void apply_checks(struct conf *conf);

/* --- forwarding.c --------------------------------------------------------- */

/* Counts the message about what is forwarded, if there is one; forwarding_print() prints it. */
void forwarding_count(struct conf *conf);
void forwarding_print(struct conf *conf);

/* --- template.c ---------------------------------------------------------- */

struct module_variable {
	const struct variable *variable;
	size_t module;
	struct module_variable *next; /* among those with a prefix */
};

/*
 * Notes the variables and other names that this directive, which was refused, may define: no
 * message says that one of them is unknown.
 */
void note_doubtful(struct conf *conf, const struct conf_node *node);

/* Finds the getter of every variable; reports those that nobody has. */
void variables_settle(struct conf *conf);

#endif
