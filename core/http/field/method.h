/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of methods (RFC 9110 section 9). */
#ifndef SKUA_HTTP_FIELD_METHOD_H
#define SKUA_HTTP_FIELD_METHOD_H

#include <request.h>
#include <str.h>

/* METHOD_OTHER for all but those of enum method. Case matters. */
enum method method_find(struct str name);

#endif
