/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The type of a file by its first bytes: libmagic, on a thread.
 */
#ifndef MIME_GUESS_H
#define MIME_GUESS_H

#include <module.h>

struct guess;

/*
 * Begins to guess, and wakes the request up when it is done: return WAIT. The
 * guess ends with the request. NULL: there is no descriptor or memory for it.
 */
struct guess *guess_start(struct request *req, const struct file *file);

/* The type, once the request was woken up; it lives as long as the request. "": not known. */
struct str guess_type(const struct guess *guess);

/* "libmagic 5.44": for `skua -V`. */
const char *guess_library(void);

/* Tells the sandbox which files libmagic reads when it is asked for the first time. */
void guess_note_files(struct conf_call *call);

#endif
