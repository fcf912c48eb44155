/* SPDX-License-Identifier: BSD-2-Clause */
/* A body that converts the text of another body. */
#ifndef CHARSET_RECODE_H
#define CHARSET_RECODE_H

#include "conversion.h"

/* Wraps the body of the response, if there is one, and makes its ETag weak. */
void recode_body(struct request *req, const struct conversion *conversion);

#endif
