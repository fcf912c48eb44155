/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Helpers. A helper is a process beside the workers that does one thing for them: something
 * that takes long, or that a worker must not be able to do. It has a sandbox of its own.
 *
 *     static void asked(struct helper_call *call) { ...; helper_answer(call, 0, text, fd); }
 *     static const struct helper squeezer = { .name = "squeezer", .asked = asked };
 *     const struct module squeeze_module = { .name = "squeeze", .helper = &squeezer, ... };
 *
 *     worker    helper_ask(&squeezer, &question, text, fd)     helper    asked(call)
 *               question.answered(&question, answer)                     helper_answer(call, …)
 *
 * The first question of a worker makes the master start the helper, one for all workers of a
 * generation of the configuration. It ends when these workers have ended. If it dies, the
 * questions that it has not answered are lost, which the workers are told; the next question
 * makes the master start it again.
 *
 * A helper gets questions from workers that an attacker may control: it trusts nothing that
 * stands in them.
 */
#ifndef SKUA_HELPER_H
#define SKUA_HELPER_H

#include <stdbool.h>
#include <stdint.h>
#include <str.h>

#define HELPER_QUESTION_MAX 8192 /* bytes of a question */
#define HELPER_ANSWER_MAX   256 /* bytes of an answer: more belongs into a file, memfd_create(2) */

struct helper_call;

/* Which files the helper can open. */
enum helper_files {
	HELPER_NO_FILES, /* only the descriptors that it is sent */
	HELPER_ALL_FILES, /* for reading, what the user of the workers may read */
};

/* What a module declares: module->helper. */
struct helper {
	const char *name; /* "squeezer": in the log and in the title of the process */
	enum helper_files files;
	/* System calls (SYS_…) that its sandbox allows besides those of workers, with whatever
	   arguments; -1 ends them. NULL: none. */
	const int *calls;

	/*
	 * Whether workers with this configuration (the module's struct of the main block) may come
	 * to need the helper. An upgrade in place starts such helpers before it executes the new
	 * program, which could not start them for the workers of the old one. NULL: those workers
	 * do without it if they have not needed it before.
	 */
	bool (*is_needed)(const void *conf);

	/* In the helper, in its sandbox, before the first question; NULL: nothing is to be done.
	   0, or -errno after a message: the helper ends. */
	int (*start)(const void *conf);

	/* In the helper: a question has come. It is answered by one call of helper_answer(), now
	   or later. */
	void (*asked)(struct helper_call *call);
};

/* --- in a worker ------------------------------------------------------------------- */

struct helper_answer {
	/*
	 * 0, or -errno that the helper has given, or one of these: -ECONNRESET the helper has
	 * died before it answered, -ENOTCONN there is none and there will be none for a
	 * second, -EMFILE this worker had no descriptor left for the file that came with the
	 * answer, -EMSGSIZE the question is too long.
	 */
	int error;
	struct str payload; /* valid during the call */
	int fd; /* the caller's from now on; -1: none has come */
};

/* A question lies in the memory of whoever asks, zeroed but for `answered`. */
struct helper_question {
	/*
	 * The answer has come: called once on the loop's thread, never before helper_ask() has
	 * returned. The question may be asked again from there, or its memory be freed.
	 */
	void (*answered)(struct helper_question *question, const struct helper_answer *answer);

	/* The core's. */
	struct str payload;
	int fd;
	struct helper_asker *asker; /* NULL: it is not asked */
	struct helper_question *next, **link; /* link NULL: it does not wait to be sent */
	uint32_t number; /* of a question that was sent */
};

/*
 * Asks a helper. `payload` and `fd` (-1: none) stay the caller's and must be valid until the
 * answer has come, or the question was withdrawn. On the loop's thread.
 */
void helper_ask(const struct helper *helper, struct helper_question *question, struct str payload,
		int fd);

/* Nobody wants the answer any more: answered() is not called. Does nothing if it was. */
void helper_withdraw(struct helper_question *question);

/* --- in the helper ----------------------------------------------------------------- */

/* A question, until it is answered. */
struct helper_call {
	struct str payload;
	int fd; /* -1: none has come; closed after the answer */
	void *data; /* the helper's */
};

/*
 * Answers with 0 or -errno, at most HELPER_ANSWER_MAX bytes, and a descriptor, which stays the
 * caller's; -1: none. On the loop's thread; a thread posts a completion or lets the loop do it.
 */
void helper_answer(struct helper_call *call, int error, struct str payload, int fd);

#endif
