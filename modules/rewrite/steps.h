/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of a block: return, rewrite, set, if, break. A block has them in a list, in the
 * order of the file. A request runs through the list of the server before its location is
 * searched for, and through that of its location afterwards.
 */
#ifndef REWRITE_STEPS_H
#define REWRITE_STEPS_H

#include <module.h>

extern const struct module rewrite_module;

struct condition;
struct replacement;

/* A request on its way through the steps. */
struct run {
	struct request *req;
	bool logs; /* rewrite_log */
	bool is_over; /* no more steps run */
	bool is_moved; /* the URI is another one, and its location has to be searched for */
	bool encodes; /* texts have $1 … encoded: as in nginx until a rewrite has matched */
};

struct step {
	verdict (*take)(struct run *run, const struct step *step); /* PASS: the next one */
	struct step *next;

	int status; /* of return */
	const struct template *text; /* of return: a body or the target of a redirect; of set */
	bool names_host; /* of return: the target is written with "//" in front */
	const struct variable_slot *variable; /* of set; NULL: $args */
	const struct replacement *replacement; /* of rewrite */
	const struct condition *condition; /* of if */
	const struct http_location *block; /* of if: its settings */
	bool is_in_server; /* of if */
	bool has_settings; /* of if: something beside steps stands in it */
};

struct program {
	enum conf_context context; /* of the block that it stands in */
	struct step *first;
	struct step **end; /* where the next one is added */
	bool returns; /* one of its own steps is return: those behind it never run */
};

/* The context of a request. */
struct rewriting {
	size_t written; /* bytes of text that the steps have made */
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

/* A URL that the client is sent to: "http://", "https://" or "$scheme" in front. */
bool is_url(struct str text);

/* The steps of a block of `if`; NULL: it has none. */
const struct program *program_of(const struct http_location *block);

/* Runs through the steps of a server or a location. */
verdict program_run(struct request *req, const struct rewrite_conf *conf);

/*
 * Writes out a template for a step, by the rules and with the result of template_write();
 * captures are encoded as long as run->encodes is set. -E2BIG: the steps have written more for
 * this request than they may, and the error log says so; the request is answered with 500.
 */
int run_write(struct run *run, const struct template *template, unsigned rules, struct str *out);

/*
 * Matches the expression, and writes the line of rewrite_log. If it does not match, $1 … are
 * empty from now on.
 */
enum match run_match(struct run *run, const struct pattern *pattern, struct str source,
		     struct str subject);

#endif
