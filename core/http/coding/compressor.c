/* SPDX-License-Identifier: BSD-2-Clause */
/*
 *     asked()        a worker asks: the result is there, or a job is queued for it
 *       run_next()   starts a child for the next job, if the share of the CPU allows it
 *         child()    in the child: reads and encodes the file
 *       on_end()     the child has ended: answers all workers that wait
 */
#include "http/coding/compressor.h"

#include <errno.h>
#include <fcntl.h>
#include <log.h>
#include <pool.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <timer.h>
#include <unistd.h>

#include "base/exact.h"
#include "event/loop.h"
#include "file/stamp.h"
#include "file/validators.h"
#include "http/coding/form_key.h"
#include "http/coding/results.h"
#include "http/coding/whole.h"

enum {
	/* Encoding has the lowest priority; what answers workers has to end in time. */
	LOWEST = 19,
	LOW = 5,
	CHILD_CPU_S = 120, /* seconds of CPU time that a child may use */
	/*
	 * A child that has run for so long may wait for a disk that does not answer. Then the next
	 * job is begun beside it, until CHILDREN_MAX children wait.
	 */
	STUCK_MS = 60 * 1000,
	CHILDREN_MAX = 4,
	OVERTAKEN_MAX = 8, /* after so many shorter jobs the oldest one is next */
	SPARE_FDS = 256, /* of RLIMIT_NOFILE; the others are for results */
};

/* The exit statuses of a child. */
enum { CHILD_DONE, CHILD_USELESS, CHILD_FAILED };

struct encoding {
	struct event end; /* first; a pipe that is closed when the child has ended; or fd -1 */
	struct form_key key;
	const struct coding_entry *entry;
	struct helper_call *calls; /* all that wait for it, linked by `data`; never NULL */
	int out; /* the memfd */
	pid_t child;
	int64_t began_ms;
	struct encoding *next;
};

static struct {
	const struct compress_cache *conf;
	dev_t memory; /* the device of all memfds */
	struct encoding *queue; /* jobs that have not begun, the oldest first */
	struct encoding *running;
	int64_t queued;
	unsigned children, overtaken;
	int64_t rest_until_ms; /* no child is started before, because of conf->cpu */
	struct timer rest; /* calls run_next() */
} state;

/* --- the child -------------------------------------------------------------------- */

/* close_range(2) exists since Linux 5.9. */
static void close_from_to(unsigned first, unsigned last)
{
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
	struct rlimit nofile;
	unsigned limit = getrlimit(RLIMIT_NOFILE, &nofile) == 0 ? (unsigned)nofile.rlim_cur : 1024;

	for (unsigned fd = first; fd <= last && fd < limit; fd++)
		close((int)fd);
}

/* Closes all descriptors except these three and the standard ones. */
static void keep_only(unsigned a, unsigned b, unsigned c)
{
	unsigned low = a < b ? a : b, high = a < b ? b : a;
	unsigned first = c < low ? c : low, last = c > high ? c : high;
	unsigned middle = a ^ b ^ c ^ first ^ last;

	if (first > STDERR_FILENO + 1)
		close_from_to(STDERR_FILENO + 1, first - 1);
	close_from_to(first + 1, middle - 1);
	close_from_to(middle + 1, last - 1);
	close_from_to(last + 1, ~0U);
}

/* The C library would use a system call that can set the limits of other processes, too. */
static void limit(int resource, rlim_t value)
{
	syscall(SYS_setrlimit, resource, &(const struct rlimit){ value, value });
}

/* Reads, because a mapping of a file that becomes shorter would raise SIGBUS. */
static int encode_file(const struct encoding *job)
{
	size_t size = job->key.size;
	char *in = malloc(size);
	struct str out;

	if (!in || read_exactly(job->calls->fd, in, 0, size) < 0)
		return CHILD_FAILED;
	int result = encode_whole(job->entry->coding, (int)job->key.level,
				  (struct str){ in, size }, &out);
	if (result == 1)
		return write_exactly(job->out, out) == 0 ? CHILD_DONE : CHILD_FAILED;
	return result == 0 ? CHILD_USELESS : CHILD_FAILED;
}

static _Noreturn void child(const struct encoding *job, int pipe_end)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpriority(PRIO_PROCESS, 0, LOWEST);
	keep_only((unsigned)job->calls->fd, (unsigned)job->out, (unsigned)pipe_end);
	limit(RLIMIT_CPU, CHILD_CPU_S);
	limit(RLIMIT_FSIZE, encode_whole_max(job->key.size));
	_exit(encode_file(job));
}

/* --- jobs ------------------------------------------------------------------------- */

static void answer_result(struct helper_call *call, const struct result *result)
{
	struct form_answer answer = { .key = result->key, .length = result->length };

	if (result->fd < 0)
		helper_answer(call, result->error, STR(""), -1);
	else
		helper_answer(call, 0, (struct str){ (const char *)&answer, sizeof(answer) },
			      result->fd);
}

/* Answers all workers that wait for the job, with the result or, if it is NULL, this -errno. */
static void finish_job(struct encoding *job, const struct result *result, int error)
{
	while (job->calls) {
		struct helper_call *call = job->calls;

		job->calls = call->data;
		if (result)
			answer_result(call, result);
		else
			helper_answer(call, error, STR(""), -1);
	}
	if (job->out >= 0)
		close(job->out);
	free(job);
}

static bool is_unchanged(const struct encoding *job)
{
	struct stat status;

	if (fstat(job->calls->fd, &status) < 0)
		return false;
	struct file_stamp stamp = stamp_of(&status);
	struct form_key key = form_key_make(&stamp, job->entry);
	return form_key_equal(&key, &job->key);
}

/* 0, or -errno if there is no form, which is remembered as well. */
static int keep_result(struct encoding *job, int status)
{
	struct stat out;

	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_USELESS)
		return -ENODATA;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != CHILD_DONE) {
		log_warnx("the encoder of %s has failed (%s %d) for the file of inode %llu, which "
			  "keeps its form of the lower level",
			  job->entry->coding->name.data,
			  WIFEXITED(status) ? "exit status" : "signal",
			  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
			  (unsigned long long)job->key.inode);
		return -EIO;
	}
	if (fcntl(job->out, F_ADD_SEALS, form_seals) < 0 || fstat(job->out, &out) < 0 ||
	    out.st_size == 0 || (uint64_t)out.st_size > encode_whole_max(job->key.size))
		return -EIO;
	results_add(&job->key, job->out, (uint64_t)out.st_size, 0);
	job->out = -1;
	return 0;
}

static void run_next(void *unused);

/* Puts off the next child, so that all of them together take conf->cpu percent of one CPU. */
static void rest(int64_t began_ms, const struct rusage *usage)
{
	int64_t used_ms = (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000 +
			  (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec + 999) / 1000;
	int64_t until = began_ms + used_ms * 100 / state.conf->cpu;

	if (until > state.rest_until_ms)
		state.rest_until_ms = until;
}

static void on_end(struct event *event, uint32_t events)
{
	struct encoding *job = (struct encoding *)event, **link = &state.running;
	struct rusage usage = { 0 };
	int status = -1, error = -EAGAIN;

	(void)events;
	event_remove(event);
	close(event->fd);
	while (wait4(job->child, &status, 0, &usage) < 0 && errno == EINTR) {
	}
	while (*link != job)
		link = &(*link)->next;
	*link = job->next;
	state.children--;
	rest(job->began_ms, &usage);
	/* The descriptor of the file is the first call's, so it is open until the answer. */
	if (is_unchanged(job)) {
		error = keep_result(job, status);
		if (error < 0)
			results_add(&job->key, -1, 0, error);
	}
	finish_job(job, results_find(&job->key), error);
	run_next(NULL);
}

/* 0, or -errno: then there is no child. */
static int start_child(struct encoding *job)
{
	int ends[2];

	job->out = memfd_create("skua-form", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (job->out < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	job->end = (struct event){ .fd = ends[0], .ready = on_end };
	int error = event_add(&job->end, EPOLLIN);
	job->child = error < 0 ? -1 : fork();
	if (job->child == 0)
		child(job, ends[1]);
	if (error == 0 && job->child < 0) {
		error = -errno;
		event_remove(&job->end);
	}
	close(ends[1]);
	if (error < 0)
		close(ends[0]);
	return error;
}

/* Shorter files first, but the oldest job now and then. */
static struct encoding *take_next(void)
{
	struct encoding **best = &state.queue;

	for (struct encoding **at = &state.queue; *at && state.overtaken < OVERTAKEN_MAX;
	     at = &(*at)->next)
		if ((*at)->key.size < (*best)->key.size)
			best = at;
	state.overtaken = best == &state.queue ? 0 : state.overtaken + 1;
	struct encoding *job = *best;
	*best = job->next;
	state.queued--;
	return job;
}

static bool may_start(void)
{
	if (state.children == CHILDREN_MAX)
		return false;
	for (const struct encoding *job = state.running; job; job = job->next)
		if (clock_ms() - job->began_ms < STUCK_MS)
			return false;
	return true;
}

static void run_next(void *unused)
{
	(void)unused;
	while (state.queue && may_start() && clock_ms() >= state.rest_until_ms) {
		struct encoding *job = take_next();
		int error = is_unchanged(job) ? start_child(job) : -EAGAIN;

		if (error < 0) {
			finish_job(job, NULL, error);
			continue;
		}
		job->began_ms = clock_ms();
		job->next = state.running;
		state.running = job;
		state.children++;
	}
	if (state.queue)
		timer_start(&state.rest,
			    may_start() ? state.rest_until_ms - clock_ms() : STUCK_MS);
}

/* --- questions -------------------------------------------------------------------- */

static struct encoding *find_job(struct encoding *first, const struct form_key *key)
{
	while (first && !form_key_equal(&first->key, key))
		first = first->next;
	return first;
}

static const struct coding_entry *find_coding(struct str name)
{
	const struct coding_entry *list;
	size_t count = codings_list(&list);

	for (size_t i = 0; i < count; i++)
		if (str_eq(list[i].coding->name, name))
			return &list[i];
	return NULL;
}

/* Checks the descriptor and makes the key of the result. 0 or -errno. */
static int read_question(const struct helper_call *call, const struct coding_entry *entry,
			 struct form_key *key)
{
	struct timespec now;
	struct stat status;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (!entry || call->fd < 0 || fstat(call->fd, &status) < 0 || !S_ISREG(status.st_mode))
		return -EINVAL;
	/* A worker may be able to write to its memfds. Files on tmpfs have another device. */
	if (status.st_dev == state.memory)
		return -EPERM;
	if (status.st_size <= 0 || status.st_size > state.conf->input.bytes)
		return -EFBIG;
	if (file_is_young(&status, now))
		return -EAGAIN;
	struct file_stamp stamp = stamp_of(&status);
	*key = form_key_make(&stamp, entry);
	return key->level > 0 ? 0 : -EINVAL;
}

static void note_use(struct str payload)
{
	struct form_key key;

	if (payload.len != sizeof(key))
		return;
	memcpy(&key, payload.data, sizeof(key));
	results_find(&key);
}

static int queue_job(struct helper_call *call, const struct coding_entry *entry,
		     const struct form_key *key)
{
	struct encoding *job = find_job(state.queue, key), **end = &state.queue;

	if (!job)
		job = find_job(state.running, key);
	if (job) {
		/* Behind the first call, whose descriptor is used. */
		call->data = job->calls->data;
		job->calls->data = call;
		return 0;
	}
	if (state.queued >= state.conf->jobs || !(job = malloc(sizeof(*job))))
		return -EBUSY;
	*job = (struct encoding){
		.end.fd = -1, .key = *key, .entry = entry, .calls = call, .out = -1
	};
	call->data = NULL;
	while (*end)
		end = &(*end)->next;
	*end = job;
	state.queued++;
	run_next(NULL);
	return 0;
}

static void asked(struct helper_call *call)
{
	const struct coding_entry *entry = find_coding(call->payload);
	struct form_key key;

	if (call->payload.len && *call->payload.data == FORM_USED) {
		note_use(str_skip(call->payload, 1));
		helper_answer(call, 0, STR(""), -1);
		return;
	}
	int error = read_question(call, entry, &key);
	const struct result *result = error < 0 ? NULL : results_find(&key);

	if (result) {
		answer_result(call, result);
		return;
	}
	if (error == 0)
		error = queue_job(call, entry, &key);
	if (error < 0)
		helper_answer(call, error, STR(""), -1);
}

/* --- the helper ------------------------------------------------------------------- */

/* Results need descriptors: how many it may have at most. */
static size_t results_max(void)
{
	struct rlimit nofile;
	size_t wanted = (size_t)state.conf->results;

	if (getrlimit(RLIMIT_NOFILE, &nofile) < 0)
		return wanted;
	if (nofile.rlim_cur < nofile.rlim_max) {
		nofile.rlim_cur = nofile.rlim_max;
		syscall(SYS_setrlimit, RLIMIT_NOFILE, &nofile);
		getrlimit(RLIMIT_NOFILE, &nofile);
	}
	size_t most = nofile.rlim_cur > 2 * SPARE_FDS ? nofile.rlim_cur - SPARE_FDS : SPARE_FDS;
	return wanted < most ? wanted : most;
}

static int start(const void *data)
{
	const struct compress_conf *conf = data;
	struct stat status;
	int fd = memfd_create("skua-device", MFD_CLOEXEC);

	state.conf = &conf->cache;
	state.rest.expired = run_next;
	if (fd < 0 || fstat(fd, &status) < 0) {
		int error = -errno;

		log_warnc(error, "the compressor has no memory for results, and ends");
		return error;
	}
	state.memory = status.st_dev;
	close(fd);
	results_limit(state.conf->is_on ? results_max() : 0, (uint64_t)state.conf->memory.bytes);
	return 0;
}

static void finish(void)
{
	while (state.queue) {
		struct encoding *job = state.queue;

		state.queue = job->next;
		finish_job(job, NULL, -ECONNRESET);
	}
	/* The children end with this process. */
	while (state.running) {
		struct encoding *job = state.running;

		state.running = job->next;
		event_remove(&job->end);
		close(job->end.fd);
		finish_job(job, NULL, -ECONNRESET);
	}
	timer_stop(&state.rest);
	results_limit(0, 0);
}

/* A form that is not there is passed as nothing, so that the places stay. */
static bool pass_on(size_t place, struct str *payload, int *fd)
{
	static struct form_answer answer;
	const struct result *result = results_at(place);

	if (!result)
		return false;
	answer = (struct form_answer){ .key = result->key, .length = result->length };
	*payload = result->fd < 0 ? STR("") : (struct str){ (char *)&answer, sizeof(answer) };
	*fd = result->fd;
	return true;
}

/* Another version of the program, or of a library, may make other keys; nobody asks for these. */
static void take_over(struct str payload, int fd)
{
	struct form_answer answer;

	if (payload.len == sizeof(answer)) {
		memcpy(&answer, payload.data, sizeof(answer));
		if (form_is_sound(&answer, fd)) {
			results_add(&answer.key, fd, answer.length, 0);
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

static const int calls[] = { SYS_memfd_create, SYS_fcntl, -1 };

const struct helper compressor = {
	.name = "compressor",
	.calls = calls,
	.forks = true,
	.niceness = LOW,
	.start = start,
	.asked = asked,
	.finish = finish,
	.pass_on = pass_on,
	.take_over = take_over,
};

/* --- compress_cache --------------------------------------------------------------- */

static const struct compress_cache defaults = {
	.is_on = true,
	.memory = { 64 << 20 },
	.results = 4096,
	.jobs = 256,
	.input = { 2 << 20 },
	.cpu = 25,
};

static int set_option(struct conf_call *call, const struct conf_word *word,
		      struct compress_cache *cache)
{
	struct conf_word value;

	if (conf_option(word, STR("results="), &value))
		return conf_parse_int(call, &value, 1, 1000000, &cache->results);
	if (conf_option(word, STR("jobs="), &value))
		return conf_parse_int(call, &value, 1, 100000, &cache->jobs);
	if (conf_option(word, STR("cpu="), &value))
		return conf_parse_int(call, &value, 1, 100, &cache->cpu);
	if (conf_option(word, STR("file="), &value))
		return conf_parse_size(call, &value, &cache->input);
	if (conf_option(word, STR("size="), &value))
		return conf_parse_size(call, &value, &cache->memory);
	return conf_error(
		call, word,
		"\"%.*s\" is no parameter of compress_cache\nexpected on, off, size=SIZE, "
		"results=NUMBER, jobs=NUMBER, file=SIZE or cpu=PERCENT",
		STR_ARG(word->text));
}

int compressor_set(struct conf_call *call)
{
	struct compress_cache *cache = &((struct compress_conf *)call->data)->cache;

	*cache = defaults;
	cache->is_on = call->node->nargs != 1 || !conf_word_is(&call->node->args[0], "off");
	if (!cache->is_on || (call->node->nargs == 1 && conf_word_is(&call->node->args[0], "on")))
		return 0;
	for (size_t i = 0; i < call->node->nargs; i++) {
		int error = set_option(call, &call->node->args[i], cache);

		if (error < 0)
			return error;
	}
	return 0;
}
