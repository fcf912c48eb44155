/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A helper's process: receives the questions of workers, gives them to the helper's asked(), and
 * implements helper_answer() of <helper.h>.
 *
 * A worker that asks too much at once, sends what is no question, or does not read its answers
 * loses its channel, and the log says so.
 */
#ifndef SKUA_PROCESS_WORKER_HELPER_PROCESS_H
#define SKUA_PROCESS_WORKER_HELPER_PROCESS_H

#include "process/worker/child_ops.h"

extern const struct child_ops helper_ops;

#endif
