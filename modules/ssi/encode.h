/* SPDX-License-Identifier: BSD-2-Clause */
/* How echo writes values: they are never read as commands, whatever the encoding is. */
#ifndef SSI_ENCODE_H
#define SSI_ENCODE_H

#include "page.h"

/* As nginx: what may not stand in a URI, or not in an attribute of HTML, becomes "%20". */
void encode_url(struct page *page, struct str text);

/* <, >, & and " become entities. */
void encode_entities(struct page *page, struct str text);

#endif
