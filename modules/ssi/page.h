/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A document while its commands are executed: a body that reads another one.
 *
 *     scan.c       finds the commands
 *     command.c    executes them
 *     include.c    the subrequests of include
 *     page.c       reads the document, and keeps what is to be sent in a queue
 *
 * As in nginx, an include does not stop the commands behind it: they are executed, up to some
 * kilobytes ahead, while the subrequest runs; `wait` stops them.
 */
#ifndef SSI_PAGE_H
#define SSI_PAGE_H

#include "scan.h"
#include "shared.h"
#include "ssi.h"

struct include;

enum { QUEUE = 32 }; /* pieces */

/* A part of what is sent: bytes or an include. */
struct piece {
	struct slice slice; /* what is left of it, unless it was shared */
	struct shared_slice *shared; /* when it is given out in parts */
	size_t given, len;
	struct include *include; /* NULL: bytes */
};

enum encoding { ENCODE_NOT, ENCODE_URL, ENCODE_ENTITIES };

/* Where the document is in `if … endif`. */
enum condition { NO_CONDITION, IN_IF_BRANCH, IN_ELSE_BRANCH };

struct page {
	struct body_scanner input; /* first: it is a body */
	struct request *req;
	const struct ssi_conf *conf;
	struct shared *shared;
	struct scan scan;

	/* The queue, and text that is being added to its end. */
	struct piece pieces[QUEUE];
	size_t first, count, includes; /* how many of the pieces are includes */
	char *text; /* on the heap */
	size_t text_len, text_capacity;

	/* What commands have set. */
	enum encoding encoding;
	char *errmsg; /* on the heap; NULL: the default */
	size_t errmsg_len;
	bool is_hidden; /* the document is not shown here: a branch of `if`, or a block */
	enum condition condition;
	bool is_decided; /* a branch of this `if` was shown */
	struct named *block; /* that the document is added to; NULL: none */
	bool in_block; /* also if there was no room for it */

	bool must_wait; /* for the end of the includes in the queue */
	bool has_ended; /* the document */
};

/* A body of the document in `inner`, for a response to `req`. */
void page_init(struct page *page, struct request *req, const struct ssi_conf *conf);
extern const struct body_ops page_ops;

/* For commands: adds bytes, which are copied, or an include to the end of the queue. */
void page_add(struct page *page, struct str text);
void page_add_include(struct page *page, struct include *include);

/* --- command.c --- */

/* Executes what scan() has found: SCAN_COMMAND or SCAN_MALFORMED. */
void command_run(struct page *page, enum scanned scanned);

/* --- include.c --- */

enum { AT_ONCE = 16 }; /* includes of one page that are under way */

struct include_options {
	struct str uri, args;
	struct str stub; /* data NULL: none */
	struct str variable; /* set=; data NULL: none */
};

/* NULL: no subrequest is started. */
struct include *include_start(struct page *page, const struct include_options *options);

/* As body_ops.read. */
int include_read(struct include *include, size_t max, struct slice *out);

/* Frees it. Slices of it may still be held. */
void include_end(struct include *include);

#endif
