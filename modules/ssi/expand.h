/* SPDX-License-Identifier: BSD-2-Clause */
/* The values of parameters: variables in them, and backslashes. */
#ifndef SSI_EXPAND_H
#define SSI_EXPAND_H

#include "shared.h"

/*
 * The value of a variable of SSI or of the server. The name is in any case, and need live no
 * longer than the call. False: there is none.
 */
bool ssi_variable(struct request *req, struct shared *shared, struct str name, struct str *out);

/*
 * Replaces "$name" and "${name}" by the values of variables, "\$", "\"", "\'" and "\\" by the
 * character behind the backslash. With `is_path`, a text that does not begin with a slash is put
 * behind the directory of the request's URI. NULL: *out is the result, in the pool or a part of a
 * value. Otherwise the result is what is wrong: a phrase for the error log.
 */
const char *expand(struct request *req, struct shared *shared, struct pool *pool, struct str text,
		   bool is_path, struct str *out);

#endif
