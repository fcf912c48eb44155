/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Variables ($host, $arg_NAME …) and templates, which are strings with
 * variables in them ("$scheme://$host$request_uri").
 */
#ifndef SKUA_VARIABLE_H
#define SKUA_VARIABLE_H

#include <stdbool.h>

#include <str.h>

struct conf_call;
struct conf_word;
struct request;
struct template;
struct variable_slot;

enum variable_flag {
	VARIABLE_PREFIX = 1 << 0, /* "arg_" stands for all names that begin so */
	VARIABLE_VOLATILE =
		1 << 1, /* the getter is called at each use: the value changes, or costs little */
	VARIABLE_ASSIGNED = 1 << 2, /* was defined without a getter */
	VARIABLE_PLAIN =
		1 << 3, /* the value has no character that a log would escape: numbers, times */
	VARIABLE_FALLBACK =
		1 << 4, /* variable_define() only: the getter is for requests that assign no value,
			   and gives way to that of another definition */
	VARIABLE_LISTED = 1 << 5, /* variable_define() only: variable_value() names each value
				     that this definition may give */
	VARIABLE_SETTABLE = 1 << 6, /* of a table: a value of `set` replaces that of the getter */
};

/*
 * Gives the value in *out; it must live as long as the request. False: there is
 * no value (empty in a template, "-" in the log). `rest` is what follows the
 * prefix in the name, empty for others; `data` is the module's configuration at
 * the request's location, or what variable_define() was given.
 */
typedef bool variable_get(struct request *req, struct str rest, const void *data, struct str *out);

/*
 * Is called when the configuration gives the variable a value (`set $name value`), which lives as
 * long as the request. What the getter gives from then on is the module's decision.
 */
typedef void variable_set(struct request *req, struct str value);

struct variable {
	const char *name; /* without $ */
	variable_get *get;
	const char *doc; /* what it is, and an example: a line indented by four blanks */
	unsigned flags;
	variable_set *set; /* NULL: it cannot be set, or VARIABLE_SETTABLE says that it can */
};

/*
 * The name of a variable that a directive defines: the word is "$name", *out is what follows
 * the sign. 0, or -EINVAL after the error was reported at the word.
 */
int conf_parse_variable(struct conf_call *call, const struct conf_word *word, struct str *out);

/*
 * Defines a variable whose name stands in the configuration (map, set, a named
 * capture). The name is copied; upper and lower case are the same. get NULL: values are
 * given by variable_assign() while a request runs; if the name has a getter already, it is
 * called in requests that assign none, or with VARIABLE_FALLBACK the one given here. Otherwise
 * the last definition counts. 0, or -EINVAL after reporting that the name is that of a
 * module's variable, or is not valid.
 */
int variable_define(struct conf_call *call, struct str name, variable_get *get, const void *data,
		    unsigned flags);

/*
 * Names a value that a definition with VARIABLE_LISTED may give; call it after variable_define().
 * Of more than a thousand values none is kept. If all values of the variable with
 * which a root begins are known, the sandbox allows these places.
 */
void variable_value(struct conf_call *call, struct str name, struct str value);
void variable_value_template(struct conf_call *call, struct str name,
			     const struct template *value);

/*
 * For a directive that gives values to variables: the variable of a module that the configuration
 * may set; NULL: the name is none. The handlers of that module are called in all locations then,
 * also where none of its directives stands, because the value may be set anywhere.
 */
const struct variable_slot *variable_settable(struct conf_call *call, struct str name);

/* The variable of a name that variable_define() was called for. */
const struct variable_slot *variable_slot(struct conf_call *call, struct str name);

/*
 * Gives a variable that variable_define() or variable_settable() was called for its value; the
 * text must live as long as the request. data NULL: it has none. A request and its subrequests
 * share these variables, and the values that the getters of variable_define() have computed.
 */
void variable_assign(struct request *req, const struct variable_slot *slot, struct str text);

/* Writes out the template. The result lives as long as the request. */
struct str template_text(struct request *req, const struct template *template);

/*
 * Writes out a template that is the path of a file, or a part of such a path. Returns
 * false if the value of a variable has brought a name "." or ".." into the path, or has
 * completed one ("/a/$x." with an empty $x), or has brought a NUL, which would end the path
 * for the system: such a path may lead to another file than the configuration means, so the
 * caller must not open it. A name "." or ".." that stands in the configuration is allowed.
 * *out is set in both cases, in the pool of the request.
 */
bool template_path(struct request *req, const struct template *template, struct str *out);

/*
 * Writes out a template whose text is the name of a file that is made, below a directory that
 * the template does not contain ("$host.log"). At most `limit` bytes. 0, and *out lives as long
 * as the request, with a NUL after it; -EINVAL: a value is empty or has a '/' or a control
 * character, or the text has a name "." or ".."; -ENAMETOOLONG.
 */
int template_file_name(struct request *req, const struct template *template, size_t limit,
		       struct str *out);

/*
 * Whether the text is one that template_file_name() could write out in some request. For a
 * process that is told the text by another one.
 */
bool template_could_name(const struct template *template, struct str text);

/*
 * As template_path() for a URI, which may have a NUL, and of which only the part before the first
 * "?" is checked.
 */
bool template_uri(struct request *req, const struct template *template, struct str *out);

/* What template_write() minds, or-ed. */
enum template_rule {
	/*
	 * The texts of $1 … are percent-encoded if the client had encoded its path, since they
	 * are parts of the decoded one: for arguments, for a Location, and where nginx does it.
	 */
	TEMPLATE_ENCODES = 1 << 0,
	TEMPLATE_IS_PATH = 1 << 1, /* no value brings a name "." or "..": as template_path() */
};

/*
 * Writes out a template at most `limit` bytes long, for texts that may be made of themselves
 * again and again. 0, and *out lives as long as the request, with a NUL after it; -E2BIG: it
 * would be longer; -EACCES: a value has brought a name "." or "..", and *out is the text.
 */
int template_write(struct request *req, const struct template *template, unsigned rules,
		   size_t limit, struct str *out);

/*
 * Writes a value as a log shows it to `to`, not beyond `limit`. Returns the new end, or NULL
 * if there is too little room. found is false if the variable has no value.
 */
typedef char *variable_put(char *to, const char *limit, struct str value, bool found);

/*
 * Writes out the template to `to`, each value of a variable by `put`, literal parts
 * as they are. Returns the new end; NULL when there is too little room.
 */
char *template_put(struct request *req, const struct template *template, variable_put *put,
		   char *to, const char *limit);

/* Whether a template that is a condition (`if=`) is true: its text is neither empty nor "0". */
bool template_is_true(struct request *req, const struct template *template);

/* Whether the template has no variables; then *out is its text. */
bool template_is_literal(const struct template *template, struct str *out);

/*
 * The value of a variable whose name (lower case) is known only while the request runs. False:
 * there is no such variable, or it has no value in this request. $1 … are not found. Slow: for
 * rare use.
 */
bool variable_find(struct request *req, struct str name, struct str *out);

/* The value of a variable by name (lower case), "" when there is none. Slow: for rare use. */
struct str variable_text(struct request *req, struct str name);

#endif
