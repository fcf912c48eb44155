/* SPDX-License-Identifier: BSD-2-Clause */
/* The variables $ssl_…; a zeroed entry ends the list. */
#ifndef SKUA_SSL_VARIABLES_H
#define SKUA_SSL_VARIABLES_H

#include <variable.h>

extern const struct variable ssl_variables[];

struct conf_call;

/* A bit for each enum ssl_fact that a variable in the configuration needs. */
unsigned ssl_variables_facts(struct conf_call *call);

#endif
