/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of a block: return, rewrite, set, if, break. Each block has a list of its steps, in
 * the order of the file. A request runs the steps of the server before its location is searched
 * for, and the steps of the location afterwards.
 */
#ifndef REWRITE_STEPS_H
#define REWRITE_STEPS_H

#include <module.h>

extern const struct module rewrite_module;

struct condition;
struct replacement;

/* The state of a request while its steps run. */
struct run {
	struct request *req;
	bool logs; /* rewrite_log */
	bool is_over; /* no more steps run */
	bool is_moved; /* the URI was replaced, and its location has to be searched for */
	bool encodes; /* percent-encode captures; as in nginx, until a rewrite matches */
	bool waits; /* the condition of the step waits for a file system */
};

struct step {
	verdict (*take)(struct run *run, const struct step *step); /* PASS: take the next step */
	struct step *next;

	int status; /* of return */
	const struct template *text; /* of return: a body or the target of a redirect; of set */
	bool names_host; /* of return: the target begins with "//" in the file */
	const struct variable_slot *variable; /* of set */
	const struct replacement *replacement; /* of rewrite */
	const struct condition *condition; /* of if */
	const struct http_location *block; /* of if: its settings */
	bool is_in_server; /* of if */
	bool has_settings; /* of if: the block contains more than steps */
};

struct program {
	enum conf_context context; /* of the block that contains the steps */
	struct step *first;
	struct step **end; /* where the next step is added */
	bool returns; /* one of the steps is return: the steps after it never run */
	bool tests_files; /* one of the steps is an `if` with -f, -d, -e or -x, which may wait */
};

/* The context of a request in this module. */
struct rewriting {
	size_t written; /* bytes of text that the steps have made */
	const struct step *waiting; /* the step with which to go on; NULL: the first one */
	bool is_moved, encodes; /* of struct run, at that step */
};

struct rewrite_conf {
	struct program *program; /* NULL: there are no steps */
	bool rewrite_log, uninitialized_variable_warn;
};

/* struct step, .take; take_rewrite() is in replacement.h */
verdict take_return(struct run *run, const struct step *step);
verdict take_break(struct run *run, const struct step *step);
verdict take_set(struct run *run, const struct step *step);
verdict take_if(struct run *run, const struct step *step);

/*
 * Whether the text is the target of a redirect: it begins with "http://", "https://" or "$scheme".
 */
bool is_url(struct str text);

/* Returns the steps of a block of `if`, or NULL if it has none. */
const struct program *program_of(const struct http_location *block);

/* Runs the steps of a server or a location. */
verdict program_run(struct request *req, const struct rewrite_conf *conf);

/*
 * Expands a template for a step, with the rules and the result of template_write(). Captures are
 * percent-encoded while run->encodes is set. -E2BIG: the steps of this request have made more text
 * than the limit allows. The error was logged, and the request has to be answered with 500.
 */
int run_write(struct run *run, const struct template *template, unsigned rules, struct str *out);

/*
 * Matches the expression, and writes a line to the error log if rewrite_log is on. If the
 * expression does not match, $1 … become empty.
 */
enum match run_match(struct run *run, const struct pattern *pattern, struct str source,
		     struct str subject);

#endif
