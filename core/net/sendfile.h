/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where sendfile(2) does not work. Some file systems (of FUSE, in containers, stacked
 * ones) and some sandboxes refuse it for files that can be read; those are read and
 * written instead. What was refused is remembered by device as long as the process lives.
 */
#ifndef SKUA_NET_SENDFILE_H
#define SKUA_NET_SENDFILE_H

#include <stdbool.h>

/* Whether this errno says that the call does not work, and not that the connection is broken. */
bool sendfile_is_refused(int error);

/* The call was refused for this file: remembers its device, and says so in the log once. */
void sendfile_note_refusal(int fd, int error);

/* False for a file whose device is remembered. Costs nothing until one is. */
bool sendfile_works(int fd);

#endif
