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
 * questions that it has not answered fail with -ECONNRESET. The next question makes the master
 * start it again.
 *
 * An attacker may control a worker, so a helper must check everything in a question.
 */
#ifndef SKUA_HELPER_H
#define SKUA_HELPER_H

#include <stdbool.h>
#include <stdint.h>
#include <str.h>

#define HELPER_QUESTION_MAX 8192 /* bytes of a question */
#define HELPER_ANSWER_MAX   256 /* bytes of an answer: more belongs into a file, memfd_create(2) */

struct conf;
struct helper_call;

/*
 * For `check` of a module (module.h): whether a server with this configuration has helpers. With
 * master_process off each question fails with -ENOTCONN.
 */
bool helper_can_run(struct conf *conf);

/* Which files the helper can open. */
enum helper_files {
	HELPER_NO_FILES, /* only the descriptors that it is sent */
	HELPER_ALL_FILES, /* every file that the workers' user may read, for reading only */
	HELPER_WRITTEN_FILES, /* those below the directories of conf_writes(), for writing only */
};

/* What a module declares: module->helper. */
struct helper {
	const char *name; /* "squeezer": in the log and in the title of the process */
	enum helper_files files;
	/* System calls (SYS_…) that its sandbox allows in addition to those of workers, with any
	   arguments. The array ends with -1. NULL: none. */
	const int *calls;
	/*
	 * Its sandbox lets it fork(2), so that a child can do what may crash, and wait for the
	 * child by wait4(2) and a pipe. A child has the same sandbox. It should close what it does
	 * not need by close_range(2), limit itself by the system call setrlimit(2) and by
	 * setpriority(2), and end with the helper by prctl(PR_SET_PDEATHSIG, SIGKILL).
	 */
	bool forks;
	int niceness; /* setpriority(2); 0: as the workers were started */

	/*
	 * Whether workers with this configuration (the module's struct of the main block) may
	 * need the helper later. An upgrade in place starts such helpers before it executes the
	 * new program, because the new program cannot start a helper for the workers of the old
	 * one. NULL: after such an upgrade the old workers have the helper only if they have
	 * asked it before.
	 */
	bool (*is_needed)(const void *conf);

	/* Called in the helper, inside its sandbox, before the first question. 0, or -errno
	   after it has logged a message: then the helper ends. NULL: nothing is to be done. */
	int (*start)(const void *conf);

	/* Called in the helper for each question. It must answer by exactly one call of
	   helper_answer(), at once or later. */
	void (*asked)(struct helper_call *call);

	/* Called in the helper before it ends: closes and frees what it has. Questions that are
	   not answered yet are answered here, and reach nobody. NULL: nothing is to be done. */
	void (*finish)(void);

	/*
	 * For a helper that keeps something which costs much to make. After a reload or an upgrade
	 * of the program, pass_on() is called in the process of before for one item after another:
	 * place 0, 1, 2 …, until it returns false. It sets *payload (at most HELPER_ANSWER_MAX
	 * bytes, valid until the next call) and *fd, which stays its own. take_over() is called
	 * with each item in the new process, and owns the descriptor. Other items may be made or
	 * dropped between two calls, so that some are passed on twice or not at all. A process of
	 * another version of the program may be the other side. NULL: nothing is passed on.
	 */
	bool (*pass_on)(size_t place, struct str *payload, int *fd);
	void (*take_over)(struct str payload, int fd);
};

/* --- in a worker ------------------------------------------------------------------- */

struct helper_answer {
	/*
	 * 0 or -errno, as the helper has passed to helper_answer(); or an error of the way:
	 * -ECONNRESET: the helper has died before it answered. -ENOTCONN: there is no helper,
	 * and the master is not asked for one again within a second. -EMFILE: this worker had
	 * no free descriptor for the file that came with the answer. -EMSGSIZE: the question is
	 * too long. -ENOMEM: the helper had no memory for the question, or has not answered
	 * too many of the worker's before.
	 */
	int error;
	struct str payload; /* valid during the call */
	int fd; /* owned by answered(), which must close it; -1: the answer has none */
};

/* A question. It lies in the caller's memory, zeroed except for the first two
   members. */
struct helper_question {
	/*
	 * Called once with the answer, on the loop's thread, and never before helper_ask() has
	 * returned. It may ask the question again or free its memory.
	 */
	void (*answered)(struct helper_question *question, const struct helper_answer *answer);

	/* A worker that has served its last request waits for the answer, for at most a second. */
	bool is_awaited;

	/* The members below belong to the core. */
	struct str payload;
	int fd;
	struct helper_asker *asker; /* NULL: the question is not being asked */
	struct helper_question *next, **link; /* queue of unsent questions; link NULL: not in it */
	uint32_t number; /* identifies the question once it was sent */
};

/*
 * Asks a helper. The caller keeps `payload` and `fd` (-1: none), which must stay valid until
 * answered() is called or the question is withdrawn. Errors are reported to answered(). To be
 * called on the loop's thread.
 */
void helper_ask(const struct helper *helper, struct helper_question *question, struct str payload,
		int fd);

/* Withdraws a question: answered() will not be called. No effect if it was called already. */
void helper_withdraw(struct helper_question *question);

/* --- in the helper ----------------------------------------------------------------- */

/* A question in the helper. It lives until helper_answer() is called. */
struct helper_call {
	struct str payload;
	int fd; /* -1: the question has none; the core closes it after the answer */
	void *data; /* for the helper's own use */
};

/*
 * Answers a question with 0 or -errno, a payload of at most HELPER_ANSWER_MAX bytes, and a
 * descriptor (-1: none). The caller keeps the descriptor and the payload; `call` is freed. To be
 * called on the loop's thread: work on a thread calls it when thread_pool_run() calls done().
 */
void helper_answer(struct helper_call *call, int error, struct str payload, int fd);

#endif
