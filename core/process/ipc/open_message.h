/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a worker and the opener say to each other:
 *
 *     MESSAGE_OPEN    number: the question's, chosen by the worker
 *                     payload: number of a location, what the path is below, length of the root's
 *                     rest, path (struct file_below)
 *     MESSAGE_OPENED  number: the question's
 *                     payload: 0, and the descriptor of a regular file; or an errno
 *
 * Both are processes of one generation, of one program, so they count locations alike.
 */
#ifndef SKUA_PROCESS_IPC_OPEN_MESSAGE_H
#define SKUA_PROCESS_IPC_OPEN_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "process/ipc/channel.h"

/* A worker asks at most so many questions before it has the answer to one of them. */
#define OPEN_PENDING 32

struct open_question {
	uint32_t location;
	uint32_t base; /* struct file_below */
	size_t root_len; /* the same */
	struct str path;
};

/* 0 or -errno of channel_send(); -ENAMETOOLONG. */
int open_ask(int fd, uint32_t number, const struct open_question *question);

/* The question of a message; its path lies in the payload. 0; -EBADMSG: it is none. */
int open_read_question(const struct message *message, struct open_question *question);

/* Sends a descriptor, which stays open here, or -errno. 0 or -errno of channel_send(). */
int open_answer(int fd, uint32_t number, int file);

/* Takes the descriptor out of a message: it, or -errno. -EBADMSG: it is no answer. */
int open_read_answer(struct message *message);

#endif
