/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker's side of helpers: implements helper_ask() of <helper.h>. For the first question it
 * asks the master for a channel to the helper (master/helpers.h). If HELPER_PENDING questions are
 * unanswered, further ones wait here.
 */
#ifndef SKUA_PROCESS_WORKER_HELPER_ASKER_H
#define SKUA_PROCESS_WORKER_HELPER_ASKER_H

#include <stdint.h>

/* Takes over the channel to the helper with this number; -1: there is no helper. */
void helper_connected(uint32_t number, int fd);

/* Waits at most `ms` milliseconds for the answers to questions that say so (is_awaited). */
void helper_askers_wait(int64_t ms);

/* Answers all questions with an error, at the end of the worker. */
void helper_askers_finish(void);

#endif
