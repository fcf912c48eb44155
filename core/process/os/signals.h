/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals arrive in the loop like everything else, through signalfd(2).
 */
#ifndef SKUA_PROCESS_OS_SIGNALS_H
#define SKUA_PROCESS_OS_SIGNALS_H

#include <stdbool.h>

/* What a process does at a signal; an array of these ends with number 0. */
struct signal_action {
	int number;
	void (*act)(int number);
};

/*
 * Holds back all signals that this server acts upon, before the loop runs and
 * before any thread or child is made. SIGPIPE and SIGXFSZ are ignored, here and in
 * children: send() says EPIPE, and write() to a file that may not grow says EFBIG.
 * Whatever was ignored or blocked at the start makes no difference here.
 */
void signals_block(void);

/* Whether HUP was ignored when this program was started, as by nohup(1). */
bool signals_hangup_is_ignored(void);

/* "KILL" for SIGKILL; the number of one without a name, until the next call. */
const char *signal_name(int number);

/*
 * From now on act() is called from the loop. In a child, call it after loop_start(): its
 * actions replace those of the parent. 0 or -errno.
 */
int signals_watch(const struct signal_action *actions);

/* Ends the watching and closes the descriptor. */
void signals_finish(void);

#endif
