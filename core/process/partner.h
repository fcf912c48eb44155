/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The master of another program that serves beside this one, on the same
 * sockets, while an upgrade is under way. Each holds one end of a channel, so
 * each hears of the other's death.
 */
#ifndef SKUA_PROCESS_PARTNER_H
#define SKUA_PROCESS_PARTNER_H

#include <stdbool.h>

/* There is one, at the other end of this channel, which is owned from now on. 0 or -errno. */
int partner_start(int fd);

bool partner_is_there(void);

/* In a process that has been forked: it is not the child's. */
void partner_forget(void);

/* It has gone, or is of no interest any more. */
void partner_finish(void);

#endif
