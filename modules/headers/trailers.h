/* SPDX-License-Identifier: BSD-2-Clause */
/* The directive add_trailer: fields that follow the body. */
#ifndef HEADERS_TRAILERS_H
#define HEADERS_TRAILERS_H

#include "fields.h"

/* Lets the fields that apply to this response follow its body, if it has one. */
void trailers_announce(struct request *req, const struct field_list *trailers);

#endif
