/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings that clients have encoded by the Huffman code of HPACK (RFC 7541 section 5.2), if they
 * consist of the 74 characters whose codes are the shortest: letters, digits, and what is usual
 * in paths and names. nghttp2 decodes all others.
 */
#ifndef SKUA_HTTP_FRAMES_HUFFMAN_H
#define SKUA_HTTP_FRAMES_HUFFMAN_H

#include <str.h>

/* The most characters that a byte stands for, since a code has at least 5 bits. */
enum { HUFFMAN_MOST = 2 };

/* Makes the table of codes. To be called before huffman_put_usual(); further calls do nothing. */
void huffman_init(void);

/*
 * Decodes a string at `to`, and returns the new end. NULL: it has other characters, or is not
 * valid, and `to` may have been written to.
 */
char *huffman_put_usual(char *to, struct str encoded);

#endif
