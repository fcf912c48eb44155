/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entry point for modules: includes everything that a module may know.
 *
 * A module is one constant struct, last in its file, with what it needs and
 * nothing else: directives, variables, handlers on phases, hooks. configure
 * puts `const struct module NAME_module` of modules/NAME/ into the server.
 *
 *     PHASE_POST_READ       the head is complete
 *     PHASE_SERVER_REWRITE  the server is known
 *         - the location is searched -
 *     PHASE_REWRITE         the location is known; may change the URI
 *     PHASE_PREACCESS       rates and counts
 *     PHASE_ACCESS          may refuse
 *     PHASE_PRECONTENT      chooses the file
 *     PHASE_CONTENT         the first handler that does not pass responds
 *     PHASE_FILTER          the response exists, nothing of it is sent; all handlers run
 *     PHASE_LOG             the last byte has left; all handlers run
 */
#ifndef SKUA_MODULE_H
#define SKUA_MODULE_H

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base64.h>
#include <block.h>
#include <body.h>
#include <bytes16.h>
#include <coding.h>
#include <conf.h>
#include <counter.h>
#include <date.h>
#include <digest.h>
#include <directory.h>
#include <escape.h>
#include <field.h>
#include <file.h>
#include <hash.h>
#include <helper.h>
#include <ip.h>
#include <json.h>
#include <log.h>
#include <log_writer.h>
#include <metrics.h>
#include <network.h>
#include <pattern.h>
#include <pool.h>
#include <preface.h>
#include <request.h>
#include <response.h>
#include <str.h>
#include <text.h>
#include <transport.h>
#include <thread.h>
#include <timer.h>
#include <variable.h>
#include <zone.h>

/*
 * The version of this interface. A module from outside of the tree says in its config for
 * which one it is written (api=1), and configure refuses it where that differs. It grows
 * when a module that compiled would no longer compile, or would do something else.
 */
#define SKUA_MODULE_API 1

enum phase {
	PHASE_POST_READ,
	PHASE_SERVER_REWRITE,
	PHASE_REWRITE,
	PHASE_PREACCESS,
	PHASE_ACCESS,
	PHASE_PRECONTENT,
	PHASE_CONTENT,
	PHASE_FILTER,
	PHASE_LOG,
	PHASES,
};

/*
 * What a handler of FILTER does. They are asked in this order, and within a role in the
 * order of the modules. So a filter of the content works on the whole and unencoded body,
 * and conditions and ranges are about what is sent.
 */
enum filter_role {
	FILTER_TYPE = -1, /* sets content_type, so that all others know it */
	FILTER_CONTENT, /* changes what the body says; the role of a module that names none */
	FILTER_ENCODING, /* sets Content-Encoding */
	FILTER_CONDITIONS, /* compares ETag and Last-Modified with the request's conditions */
	FILTER_RANGES, /* sends a part */
	FILTER_HEAD, /* adds fields to a head that is settled */
	FILTER_ROLES,
};

/* conf is the module's struct at the request's location (or server). */
typedef verdict phase_handler(struct request *req, const void *conf);

enum stop_reason {
	STOP_FAST, /* connections are being closed */
	STOP_GRACEFUL, /* the last connection has ended */
};

struct module {
	const char *name;
	const char *summary; /* what it does, in one line: configure --help */
	size_t conf_size; /* of the struct that the directives point into */
	size_t context_size; /* of request_context() */
	bool context_is_kept; /* over redirects */
	const struct directive *directives; /* ended by a zeroed entry */
	const struct variable *variables; /* ended by a zeroed entry */
	const struct counter *counters; /* ended by a zeroed entry */
	const struct listen_parameter *listen_parameters; /* ended by a zeroed entry */
	const struct coding *coding; /* that it brings (coding.h) */
	phase_handler *on[PHASES];

	enum filter_role filter_role; /* of on[PHASE_FILTER] */

	/*
	 * Called in FILTER, between FILTER_CONTENT and FILTER_ENCODING. A module sets or removes
	 * ETag and Last-Modified here, because each encoded form has a tag of its own that is
	 * made of the ETag, and the conditions of the request are checked against them. It
	 * sets Cache-Control, Expires, Set-Cookie and Content-Encoding here, too, because it
	 * depends on them whether a response is encoded.
	 */
	phase_handler *on_validators;

	/*
	 * Call the handlers only where a directive of the module stands, so that its struct
	 * differs from the default. Elsewhere they must have nothing to do.
	 */
	bool if_configured;

	/*
	 * Call the handlers only in servers of which an address has a parameter of listen of this
	 * module (listen_parameters), whichever server has written it there.
	 */
	bool if_listened;

	/*
	 * Called when the whole configuration was read, once for each block that has a struct
	 * of its own of this module: reports settings that do not fit together. Returns 0, or
	 * -EINVAL after conf_error(). The struct does not change afterwards.
	 */
	int (*check)(struct conf_call *call, void *conf);

	/* Name and version of the library that the module is linked with: `skua -V`. */
	const char *(*library)(void);

	/*
	 * Called in the master every 10 seconds: looks at files outside of the configuration, and
	 * changes what workers that are forked from now on have in memory. Returns whether
	 * something has changed; then new workers take the place of those that run, and
	 * connections move to them as at a reload. It must not wait.
	 */
	bool (*refresh)(void);

	/*
	 * Lines for the person who has started `skua serve`, printed after its addresses; in the
	 * pool. data NULL: there is nothing to say.
	 */
	struct str (*serve_note)(struct pool *pool);

	/*
	 * What a program passes on to the one that takes its place at an upgrade. pass_on() returns
	 * at most 1 MiB, in the pool; without bytes nothing is passed on. take_over() gets these
	 * bytes, valid during the call, in the master of the new program before it reads its
	 * configuration. A program of another version may be the other side. NULL: nothing is
	 * passed on.
	 */
	struct str (*pass_on)(struct pool *pool);
	void (*take_over)(struct str bytes);

	/* Writes metrics with labels of its own: metrics.h. In workers and in the master. */
	void (*metrics)(struct metrics *to);

	const struct helper *helper; /* <helper.h>; NULL: none */

	/* A worker starts (0 or -errno: the worker ends) or stops. */
	int (*start)(const void *conf);
	void (*stop)(const void *conf, enum stop_reason reason);
};

#endif
