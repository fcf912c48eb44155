/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/field/method.h"

enum method method_find(struct str name)
{
	static const struct str names[] = {
		[METHOD_GET] = STR_INIT("GET"),
		[METHOD_HEAD] = STR_INIT("HEAD"),
		[METHOD_POST] = STR_INIT("POST"),
		[METHOD_PUT] = STR_INIT("PUT"),
		[METHOD_DELETE] = STR_INIT("DELETE"),
		[METHOD_OPTIONS] = STR_INIT("OPTIONS"),
		[METHOD_PATCH] = STR_INIT("PATCH"),
		[METHOD_TRACE] = STR_INIT("TRACE"),
		[METHOD_CONNECT] = STR_INIT("CONNECT"),
	};

	for (size_t i = METHOD_GET; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(name, names[i]))
			return (enum method)i;
	return METHOD_OTHER;
}
