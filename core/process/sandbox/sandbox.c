/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Enters the sandbox, and says afterwards of a file that could not be opened whether the
 * sandbox was the reason: the rules hold directories by what they are and not by name, so
 * the device and inode of each directory on the way to the file are compared.
 */
#include "process/sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log_format.h"
#include "config/config.h"
#include "file/policy.h"
#include "process/sandbox/landlock.h"
#include "process/sandbox/privileges.h"
#include "process/sandbox/sandbox_rules.h"
#include "process/sandbox/seccomp.h"

/* A directory (or file) that this process has a rule for. */
struct held {
	dev_t dev;
	ino_t ino;
};

/* The sandbox of this process. */
static struct {
	struct conf *conf;
	void (*moved)(void); /* as sandbox_enter() was given */
	struct held *held;
	size_t held_count;
} sandbox;

/* --- instrumented programs -------------------------------------------------------- */

/*
 * Each kind of instrumentation brings a function along that nothing else has. So it is found
 * whatever the compiler and its options were.
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

/* --- what a refusal means ---------------------------------------------------- */

static bool is_held(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return false;
	for (size_t i = 0; i < sandbox.held_count; i++)
		if (sandbox.held[i].ino == status.st_ino &&
		    sandbox.held[i].dev == status.st_dev)
			return true;
	return false;
}

/* Whether a rule holds a path without links, or one of the directories that it lies in. */
static bool is_covered(const char *real)
{
	char path[PATH_MAX];

	strcpy(path, real);
	for (; *path; *strrchr(path, '/') = '\0')
		if (is_held(path))
			return true;
	return is_held("/");
}

static int explain(const char *path, char *why, size_t why_size)
{
	char real[PATH_MAX];

	if (!realpath(path, real) || is_covered(real))
		return -EACCES;

	struct pool *pool = pool_create(0);
	bool moved = sandbox_rules_cover(sandbox_rules_make(sandbox.conf, pool), real);

	pool_destroy(pool);
	if (moved) {
		log_format(why, why_size,
			 "it has moved out of what this worker's sandbox allows; new workers "
			 "are being started, and will serve it");
		sandbox.moved();
		return -ESTALE;
	}
	/* For a link, the remedy names its target; for a file, the directory, since the files
	   beside it are most likely needed, too. */
	char *slash = strrchr(real, '/');
	struct stat status;
	if (lstat(path, &status) == 0 && !S_ISLNK(status.st_mode))
		slash[slash == real] = '\0';
	log_format(why, why_size,
		 "it lies outside of what the sandbox allows; \"sandbox_allow %s\" would allow it",
		 real);
	return -EACCES;
}

/* --- entering ------------------------------------------------------------------ */

/*
 * Makes a rule, and notes the directory (or file) behind it, also where the rule fails: new
 * workers would fare no better. Without memory to note it, files there count as refused by
 * their permissions. 0 or -errno.
 */
static int allow(int ruleset, const struct sandbox_rule *rule)
{
	const size_t size = (sandbox.held_count + 1) * sizeof(*sandbox.held);
	struct stat status;
	int fd = open(rule->path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int error = fstat(fd, &status) < 0 ? -errno : 0;
	if (error == 0) {
		struct held *more = realloc(sandbox.held, size);
		if (more) {
			sandbox.held = more;
			more[sandbox.held_count++] = (struct held){ status.st_dev, status.st_ino };
		}
		error = landlock_allow_reading(ruleset, fd, S_ISDIR(status.st_mode));
	}
	close(fd);
	return error;
}

/* Makes all rules. If one fails, the files there cannot be read, which is logged. */
static void allow_all(int ruleset)
{
	struct pool *pool = pool_create(0);
	const struct sandbox_rules *rules = sandbox_rules_make(sandbox.conf, pool);

	for (size_t i = 0; i < rules->count; i++) {
		int error = allow(ruleset, &rules->items[i]);
		if (error == 0)
			continue;
		log_warnc(error, "the sandbox cannot allow \"%s\"", rules->items[i].path);
	}
	pool_destroy(pool);
}

static int give_up_files(bool opens_files)
{
	if (landlock_version() == 0)
		return 0;
	int ruleset = landlock_create();
	if (ruleset < 0)
		return ruleset;
	if (opens_files)
		allow_all(ruleset);
	int error = landlock_enter(ruleset);
	close(ruleset);
	if (error == 0 && opens_files)
		policy_explain_with(explain);
	return error;
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

static int enter(const struct sandbox_conf *own, bool opens_files)
{
	int error = settle_core(own);

	if (own->mode == SANDBOX_OFF || error < 0)
		return error;
	error = privileges_give_up();
	if (sandbox_instrument() || error < 0)
		return error;
	tzset(); /* reads the time zone while its file can be read */
	error = give_up_files(opens_files);
	if (error < 0 || !seccomp_is_known())
		return error;
	return seccomp_enter(own->mode == SANDBOX_STRICT ? SECCOMP_KILL : SECCOMP_REFUSE);
}

int sandbox_enter(struct conf *conf, void (*moved)(void))
{
	sandbox.conf = conf;
	sandbox.moved = moved;
	int error = enter(sandbox_conf_of(conf), moved != NULL);
	if (error < 0)
		log_emergc(error, "the sandbox cannot be entered; \"sandbox off\" does without");
	return error;
}
