/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/config.h"
#include "process/sandbox/landlock.h"
#include "process/sandbox/privileges.h"
#include "process/sandbox/sandbox_rules.h"
#include "process/sandbox/seccomp.h"

static struct conf *entered; /* the configuration whose sandbox this process has entered */

/* --- instrumented programs -------------------------------------------------------- */

/*
 * Each kind of instrumentation links a function that exists only with it, so it is detected
 * with every compiler and all options.
 */
void __asan_init(void) __attribute__((weak));
void __msan_init(void) __attribute__((weak));
void __tsan_init(void) __attribute__((weak));
void __gcov_init(void *) __attribute__((weak)); /* gcc */
void __gcov_dump(void) __attribute__((weak)); /* clang */

/* Valgrind puts a library of its own into every program that it runs. */
static bool runs_in_valgrind(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096];
	bool found = false;

	while (maps && !found && fgets(line, sizeof(line), maps))
		found = strstr(line, "/vgpreload_") != NULL;
	if (maps)
		fclose(maps);
	return found;
}

const char *sandbox_instrument(void)
{
	static enum { NOT_ASKED, NO, YES } in_valgrind;

	if (__asan_init || __msan_init || __tsan_init)
		return "a sanitizer";
	if (__gcov_init || __gcov_dump)
		return "coverage";
	if (in_valgrind == NOT_ASKED)
		in_valgrind = runs_in_valgrind() ? YES : NO;
	return in_valgrind == YES ? "valgrind" : NULL;
}

/* --- entering ------------------------------------------------------------------ */

static int allow(int ruleset, const char *path, bool writes)
{
	struct stat status;
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int error = fstat(fd, &status) < 0 ? -errno : 0;
	if (error == 0 && writes)
		error = landlock_allow_writing(ruleset, fd);
	else if (error == 0)
		error = landlock_allow_reading(ruleset, fd, S_ISDIR(status.st_mode));
	close(fd);
	return error;
}

/* If a rule cannot be made, the opener opens its files. */
static void allow_roots(int ruleset, struct conf *conf)
{
	struct pool *pool = pool_create(0);
	const struct sandbox_rules *rules = sandbox_rules_make(conf, pool);

	for (size_t i = 0; i < rules->count; i++) {
		int error = allow(ruleset, rules->items[i].path, false);
		if (error < 0)
			log_warnc(error, "the sandbox cannot allow \"%s\"", rules->items[i].path);
	}
	pool_destroy(pool);
}

static void allow_written(int ruleset, struct conf *conf)
{
	for (const struct conf_path *at = conf_written_paths(conf); at; at = at->next) {
		int error = allow(ruleset, at->path.data, true);
		if (error < 0)
			log_errorc(error, "no files can be written below \"%s\"", at->path.data);
	}
}

/* Also for a process that may read all files: it may not write files or start programs. */
static int give_up_files(struct conf *conf, enum sandbox_files files)
{
	if (landlock_version() == 0)
		return 0;
	int ruleset = landlock_create();
	if (ruleset < 0)
		return ruleset;
	int error = files == SANDBOX_ALL_FILES ? allow(ruleset, "/", false) : 0;
	if (files == SANDBOX_ROOTS)
		allow_roots(ruleset, conf);
	if (files == SANDBOX_WRITTEN)
		allow_written(ruleset, conf);
	if (error == 0)
		error = landlock_enter(ruleset);
	close(ruleset);
	return error;
}

bool sandbox_hides_files(const struct sandbox_conf *own)
{
	return own->mode != SANDBOX_OFF && !sandbox_instrument() && landlock_version() != 0;
}

struct conf *sandbox_entered(void)
{
	return entered;
}

/*
 * PR_SET_DUMPABLE allows both: core dumps, and that other processes of the same user trace
 * this one. It is on only if core dumps are wanted. 0 or -errno.
 */
static int settle_core(const struct sandbox_conf *own)
{
	rlim_t size = (rlim_t)own->core.bytes;
	bool wanted = size > 0;

	if (!wanted && (own->mode == SANDBOX_OFF || sandbox_instrument()))
		return 0;
	if (setrlimit(RLIMIT_CORE, &(struct rlimit){ size, size }) < 0)
		log_alert("worker_rlimit_core %lld could not be set", (long long)size);
	return prctl(PR_SET_DUMPABLE, wanted, 0, 0, 0) < 0 ? -errno : 0;
}

static int enter(struct conf *conf, const struct sandbox_conf *own,
		 const struct sandbox_needs *needs)
{
	int error = settle_core(own);

	if (own->mode == SANDBOX_OFF || error < 0)
		return error;
	error = privileges_give_up();
	if (sandbox_instrument() || error < 0)
		return error;
	tzset(); /* reads the time zone while its file can be read */
	error = give_up_files(conf, needs->files);
	if (error < 0 || !seccomp_is_known())
		return error;
	return seccomp_enter(own->mode == SANDBOX_STRICT ? SECCOMP_KILL : SECCOMP_REFUSE,
			     needs->calls, needs->forks);
}

int sandbox_enter(struct conf *conf, const struct sandbox_conf *own,
		  const struct sandbox_needs *needs)
{
	int error = enter(conf, own, needs);

	entered = conf;
	if (error < 0)
		log_emergc(error, "the sandbox cannot be entered; \"sandbox off\" turns it off");
	return error;
}
