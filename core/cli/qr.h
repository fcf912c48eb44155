/* SPDX-License-Identifier: BSD-2-Clause */
/* A QR code for a terminal, if this build has libqrencode. */
#ifndef SKUA_CLI_QR_H
#define SKUA_CLI_QR_H

#include <stdbool.h>

struct text;

/*
 * Adds the QR code of the text, as lines of half blocks, in black on white whatever the
 * colours of the terminal. False: this build cannot, or the text is too long; nothing is added.
 */
bool qr_add(struct text *text, const char *url);

#endif
