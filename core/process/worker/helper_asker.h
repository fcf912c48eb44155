/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker's side of helpers: implements helper_ask() of <helper.h>. At the first question the
 * master is asked for a channel to the helper (master/helpers.h). Questions beyond
 * HELPER_PENDING wait here.
 */
#ifndef SKUA_PROCESS_WORKER_HELPER_ASKER_H
#define SKUA_PROCESS_WORKER_HELPER_ASKER_H

#include <stdint.h>

/* The channel to the helper with this number, which is owned from now on; -1: there is none. */
void helper_connected(uint32_t number, int fd);

/* The worker ends: answers all questions with an error. */
void helper_askers_finish(void);

#endif
