/* SPDX-License-Identifier: BSD-2-Clause */
/* Shows what the sandbox allows with a configuration: in the log, and for `skua help sandbox`. */
#include "process/sandbox/sandbox.h"

#include <log.h>
#include <string.h>

#include "config/config.h"
#include "process/sandbox/landlock.h"
#include "process/sandbox/sandbox_rules.h"
#include "process/sandbox/seccomp.h"

enum { LOGGED_MAX = 32 }; /* rules in the log at most; each of a thousand sites may have one */

/* What the sandbox consists of on this system. */
struct findings {
	const char *instrument; /* of sandbox_instrument() */
	int landlock; /* version; 0: there is none */
	bool seccomp;
};

static void announce_rules(struct conf *conf)
{
	struct pool *pool = pool_create(0);
	const struct sandbox_rules *rules = sandbox_rules_make(conf, pool);

	for (size_t i = 0; i < rules->count && i < LOGGED_MAX; i++)
		log_notice("sandbox: workers may read %s%s", rules->items[i].path,
			   rules->items[i].is_directory ? "/" : "");
	if (rules->count > LOGGED_MAX)
		log_notice("sandbox: and %zu more; \"skua help sandbox -c FILE\" lists them",
			   rules->count - LOGGED_MAX);
	for (size_t i = 0; i < rules->unknown_count; i++)
		log_warnx("sandbox: \"%s\" can be any place: workers can open files there only "
			  "where sandbox_allow names it",
			  rules->unknown[i]);
	pool_destroy(pool);
}

void sandbox_announce(struct conf *conf)
{
	const struct sandbox_conf *own = sandbox_conf_of(conf);
	const struct findings found = { sandbox_instrument(), landlock_version(),
					seccomp_is_known() };

	if (own->mode == SANDBOX_OFF) {
		log_notice("sandbox: off, workers may do what their user may");
		return;
	}
	if (found.instrument) {
		log_warnx(
			"sandbox: instrumented with %s: workers have no capabilities, but may open "
			"any file and make any system call",
			found.instrument);
		return;
	}
	if (found.landlock)
		announce_rules(conf);
	else
		log_warnx("sandbox: this kernel has no Landlock: workers may read all files that "
			  "their user may read");
	if (!found.seccomp)
		log_warnx("sandbox: this kernel has no seccomp filters for this kind of processor: "
			  "workers may make any system call");
}

static void print_paths(const struct sandbox_rules *rules, FILE *to)
{
	fputs(rules->count ? "It may read what lies in\n" : "It may read no file.\n", to);
	for (size_t i = 0; i < rules->count; i++)
		fprintf(to, "    %s%s\n", rules->items[i].path,
			rules->items[i].is_directory ? "/" : "  (this file)");
	for (size_t i = 0; i < rules->unknown_count; i++)
		fprintf(to, "and of \"%s\" only what sandbox_allow names.\n", rules->unknown[i]);
}

static void print_calls(FILE *to)
{
	fputs("It may make these system calls:\n", to);
	for (size_t i = 0; i < seccomp_calls_count; i++) {
		const struct seccomp_call *call = &seccomp_calls[i];
		bool is_limited = call->arguments[0].check != CHECK_NOTHING;
		int width = fprintf(to, "    %s%s", call->name,
				    call->is_unknown ? " (fails with ENOSYS)" :
				    is_limited	     ? " (some arguments)" :
						       "");

		fprintf(to, "%*s %s\n", width < 36 ? 36 - width : 0, "", call->why);
	}
}

static void print_missing(const struct findings *found, FILE *to)
{
	if (found->instrument)
		fprintf(to,
			"This program is instrumented with %s: all files and all system calls.\n",
			found->instrument);
	if (!found->landlock)
		fputs("This kernel has no Landlock: all files that its user may read.\n", to);
	if (!found->seccomp)
		fputs("This kernel has no seccomp filters for this kind of processor: all system "
		      "calls.\n",
		      to);
}

/* What a worker needs for its work, so that no sandbox can forbid it. */
static void print_rest(FILE *to)
{
	fputs("If an attacker controls a worker, this is what it can still do:\n"
	      "    it reads these files, and learns of any path whether it exists, and its size\n"
	      "    it asks the opener for any file or directory below a root, where links are\n"
	      "    followed as the configuration says\n"
	      "    it sends its clients what it likes; unless accept_mode is handoff, it takes\n"
	      "    new connections from the listening sockets and keeps them\n"
	      "    it appends to the logs, uses CPU time and memory, and writes what modules keep\n"
	      "    in memory that all workers share\n"
	      "    it stays after a reload, unless worker_shutdown_timeout is written\n",
	      to);
}

void sandbox_print(struct conf *conf, FILE *to)
{
	const struct sandbox_conf *own = sandbox_conf_of(conf);
	const struct findings found = { sandbox_instrument(), landlock_version(),
					seccomp_is_known() };
	struct pool *pool = pool_create(0);

	if (own->mode == SANDBOX_OFF) {
		fputs("sandbox off: a worker may do what its user may.\n", to);
	} else {
		fputs("A worker has no capabilities and cannot win any by starting a program.\n",
		      to);
		print_paths(sandbox_rules_make(conf, pool), to);
		print_calls(to);
		fprintf(to, "Any other %s.\n",
			own->mode == SANDBOX_STRICT ?
				"ends it (sandbox strict)" :
				"fails with EPERM, and the error log names it once");
		print_rest(to);
		print_missing(&found, to);
	}
	pool_destroy(pool);
}
