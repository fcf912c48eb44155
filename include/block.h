/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks that are locations: a directive of a module opens a block of settings inside a
 * location, and a handler of the module decides for each request whether these settings apply.
 *
 *     location / {
 *         limit_except GET { deny all; }
 *         if ($arg_download) { add_header Content-Disposition attachment; }
 *     }
 *
 * The setter calls conf_block_open() and keeps what it gives; the handler in REWRITE calls
 * request_enter() with it and returns PASS.
 */
#ifndef SKUA_BLOCK_H
#define SKUA_BLOCK_H

#include <conf.h>

struct http_location;
struct module;
struct request;

/*
 * For the setter of a directive with the flag BLOCK: opens its block and applies the
 * directives in it. `context` says which ones may stand there: IN_IF, IN_LIMIT_EXCEPT,
 * IN_SERVER_IF, or IN_LOCATION, which is all that a location may have but locations.
 *
 * The block begins with the settings of the location (or server) that it stands in; LOCAL
 * ones begin with their defaults. So a directive that opens a block runs behind all that the
 * block inherits: directives of other modules that are not LOCAL must not be ORDERED.
 *
 * 0 and *out, which lives as long as the configuration, or -EINVAL after the errors in the
 * block were reported.
 */
int conf_block_open(struct conf_call *call, enum conf_context context,
		    const struct http_location **out);

/*
 * The name of a LOCAL directive that the location has, and that does not hold in the block,
 * so that it may be a surprise; NULL: none. Those of the call's module are left out, and
 * those that choose what answers, which goes on.
 */
const char *conf_block_loses(const struct conf_call *call, const struct http_location *block);

/* The module's struct in a block. */
const void *block_conf(const struct http_location *block, const struct module *module);

/*
 * For a handler of REWRITE or PREACCESS: the request goes on in this block. From now on its
 * location is the block, with the settings of all modules there. The handlers that stand
 * behind the calling one are those that have something to do in the block, in this phase and
 * in all later ones; LOG is one of them. A handler that has entered a block must not
 * return WAIT.
 *
 * What answers the request goes on (as in nginx): when the block has no LOCAL setting of a
 * module with a handler of CONTENT, the handlers of CONTENT that the location has named by
 * such a setting, or the block that was entered before, are asked with their settings there.
 *
 * The block must be one of the request's location. Another block of that location may have
 * been entered before; nothing is left of its settings then. Contexts of modules, variables
 * and captures stay. A module that enters a block in another phase, or one of another
 * location, has broken the contract: the response is a 500, and the error log says so.
 */
void request_enter(struct request *req, const struct http_location *block);

#endif
