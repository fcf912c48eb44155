/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the hostile module share. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <module.h>
#include <stdbool.h>

/* What an attack came to: a line for each call that was not refused. */
struct report {
	struct request *req;
	int port; /* of a server that nobody shall reach */
	int fd; /* some descriptor */
	char text[4096];
	size_t len;
};

/*
 * Notes a system call that has returned this, with its errno: nothing is written when
 * it was refused (EPERM, EACCES, ENOSYS), else "what: done" or "what: error 22".
 */
void tried(struct report *report, const char *what, long result);

/* A line of its own. */
void note(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Descriptors from 0 to here are looked at. */
enum { DESCRIPTORS = 256 };

/* A socket that listens; one of a pair, by which processes send each other messages. */
bool is_listening(int fd);
bool is_message_socket(int fd);

/* The channel to the helper that was asked since attack_before(); -1, and a note: there is none. */
int find_helper(struct report *report);

/*
 * Asks a helper by this channel. fd -1: the question has no descriptor. Returns what sendmsg(2)
 * returns. The answer may be waited for by receive_answer(): its descriptor, or -1.
 */
enum { QUESTION_MAX = 300 };
long ask_helper(int helper, const char *text, size_t len, int fd);
int receive_answer(int helper);

void attack_connect(struct report *report);
void attack_shutdown(struct report *report);
void attack_linger(struct report *report);
void attack_options(struct report *report);
void attack_flags(struct report *report);
void attack_logs(struct report *report);
void attack_processes(struct report *report);
void attack_proc(struct report *report);
void attack_counters(struct report *report);
void attack_inherited(struct report *report);
void attack_silence(struct report *report);
void attack_flood(struct report *report);
void attack_moved(struct report *report);
void attack_read(struct report *report);
void attack_before(struct report *report);
void attack_opener(struct report *report);
void attack_opener_flood(struct report *report);
void attack_compressor(struct report *report);
void attack_form(struct report *report);
void attack_compressor_flood(struct report *report);
void attack_channels(struct report *report);
void attack_certificates(struct report *report);
void attack_log_opener(struct report *report);
void attack_log_opener_flood(struct report *report);
void attack_junk(struct report *report);
void attack_connections(struct report *report);
void attack_descriptors(struct report *report);

#endif
