/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Encodes the whole content of a file at once. Workers and the compressor both use this function,
 * so that the same content, coding and level always make the same bytes: they share an ETag.
 */
#ifndef SKUA_HTTP_CODING_WHOLE_H
#define SKUA_HTTP_CODING_WHOLE_H

#include <coding.h>

/*
 * Encodes `in`. Returns 1: *out has the encoded bytes, which the caller frees; 0: the encoded form
 * would be hardly shorter, so it is of no use; or -errno. May be called on any thread.
 */
int encode_whole(const struct coding *coding, int level, struct str in, struct str *out);

/* The greatest length of an encoded form that is of use: it saves at least 5 percent. */
size_t encode_whole_max(size_t length);

#endif
