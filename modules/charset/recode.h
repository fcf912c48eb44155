/* SPDX-License-Identifier: BSD-2-Clause */
/* A body that converts what another one gives. */
#ifndef CHARSET_RECODE_H
#define CHARSET_RECODE_H

#include "conversion.h"

/* Wraps the body of the response, if there is one. */
void recode_body(struct request *req, const struct conversion *conversion);

#endif
