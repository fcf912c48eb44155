/* SPDX-License-Identifier: BSD-2-Clause */
/* The variables $ssl_…; a zeroed entry ends the list. */
#ifndef SKUA_SSL_VARIABLES_H
#define SKUA_SSL_VARIABLES_H

#include <variable.h>

extern const struct variable ssl_variables[];

struct conf_call;

/* Whether the configuration names a variable with a part of the client's certificate. */
bool ssl_variables_need_certificate(struct conf_call *call);

#endif
