/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A worker's way to the opener (opener.h): carries the questions of the cache
 * (file/opener.h). At the first one the master is asked for a channel. Questions beyond
 * OPEN_PENDING wait here. If the opener dies, what it was asked is asked once more.
 */
#ifndef SKUA_PROCESS_WORKER_OPENING_H
#define SKUA_PROCESS_WORKER_OPENING_H

struct conf;

/* In a worker whose sandbox hides files. */
void opening_start(struct conf *conf);

/* The channel that the master was asked for, which is owned from now on; -1: there is none. */
void opening_connect(int fd);

/* Answers all questions with an error. */
void opening_finish(void);

#endif
