/* SPDX-License-Identifier: BSD-2-Clause */
/* What modules pass on from one program to the next one at an upgrade (module.h). */
#ifndef SKUA_PROCESS_UPGRADE_MODULE_STATE_H
#define SKUA_PROCESS_UPGRADE_MODULE_STATE_H

#include <stdbool.h>
#include <str.h>

/*
 * In the old program: writes what each module passes on to a file without a name, and calls act()
 * with the module's name and the descriptor, which act() owns, until it returns false. A module
 * whose bytes cannot be written is left out with a message. False: act() did.
 */
bool modules_pass_on(bool (*act)(void *data, const char *name, int fd), void *data);

/*
 * In the new program: reads the file and gives its bytes to the module of this name, if there is
 * one. The descriptor stays the caller's; its offset is not used, so that the old program can read
 * the file again if it comes back.
 */
void module_take_over(struct str name, int fd);

#endif
