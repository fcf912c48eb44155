/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SSI_SSI_H
#define SSI_SSI_H

#include <module.h>

extern const struct module ssi_module;

struct ssi_conf {
	bool on, silent_errors, last_modified;
	struct str_list types;
	struct size value_length;
};

/* Whether a response of this type is a document whose commands are executed. */
static inline bool ssi_is_document(const struct ssi_conf *conf, const struct response *response)
{
	return conf->on && response_has_type(response, &conf->types);
}

#endif
