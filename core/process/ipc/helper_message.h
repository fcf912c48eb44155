/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What workers and helpers (<helper.h>) send to each other:
 *
 *     MESSAGE_ASK     number: the question's, below HELPER_PENDING, chosen by the worker
 *                     payload: the question; it may have a descriptor
 *     MESSAGE_ANSWER  number: the question's
 *                     payload: 0 or -errno, then the answer; it may have a descriptor
 */
#ifndef SKUA_PROCESS_IPC_HELPER_MESSAGE_H
#define SKUA_PROCESS_IPC_HELPER_MESSAGE_H

#include <helper.h>

#include "process/ipc/channel.h"

/* A worker sends at most so many questions to a helper before one of them is answered. */
#define HELPER_PENDING 32

/* 0 or -errno of channel_send(); -EMSGSIZE. The descriptor (-1: none) stays open here. */
int helper_send_question(int channel, uint32_t number, struct str payload, int fd);
int helper_send_answer(int channel, uint32_t number, const struct helper_answer *answer);

/*
 * Reads a message that was received, whose descriptor is *fd (-1: none) or answer->fd
 * afterwards. 0, or -EBADMSG: a worker or helper must not send this.
 */
int helper_read_question(struct message *message, struct str *payload, int *fd);
int helper_read_answer(struct message *message, struct helper_answer *answer);

#endif
