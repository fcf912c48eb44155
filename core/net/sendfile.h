/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Remembers on which file systems sendfile(2) does not work. Some file systems (FUSE,
 * overlays, those of some containers) and some sandboxes refuse the call for files that can
 * be read. The server reads and writes such files instead. It remembers the device of a
 * refused file until the process ends.
 */
#ifndef SKUA_NET_SENDFILE_H
#define SKUA_NET_SENDFILE_H

#include <stdbool.h>

/* Whether this errno of sendfile(2) means that the file does not allow the call at all. */
bool sendfile_is_refused(int error);

/*
 * Call it when sendfile(2) has refused this file with this errno: remembers the device of
 * the file, and logs a warning once for each device.
 */
void sendfile_note_refusal(int fd, int error);

/* False for a file on a remembered device. Makes no system call while none is remembered. */
bool sendfile_works(int fd);

#endif
