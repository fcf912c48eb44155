/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks, for `skua -t`, what would make a start or its requests fail: folders that do not
 * exist, addresses that cannot be bound, roots that the workers cannot read. It creates no
 * file, opens none for writing and changes nothing.
 */
#ifndef SKUA_PROCESS_SERVER_START_CHECK_H
#define SKUA_PROCESS_SERVER_START_CHECK_H

#include <stdbool.h>

struct conf;
struct generation;

/*
 * Checks that the folders of all log files exist; call it before the files are opened. 0,
 * or -ENOENT after a message for each missing folder, with the command that creates it.
 */
int start_check_log_folders(struct conf *conf);

/*
 * For -t: whether a start with this configuration would succeed, as far as that can be seen.
 * Prints what is wrong as messages about the configuration. A fault that would end the start
 * is an error, and one that makes requests fail a warning. A lack of permission is only a
 * warning if this user is not root, since root may start the server.
 */
bool start_check(const struct generation *generation);

#endif
