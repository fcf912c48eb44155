/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The child says in shared memory which number the filter's listener has, and
 * waits until the test has fetched it from there by pidfd_getfd(2): no call that
 * the filter holds up is needed for that. A thread answers each listener until
 * the last process with this filter has ended.
 */
#include "harness/inject.h"

#include <check.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/memory.h"
#include "harness/server.h"
#include "harness/test.h"

enum { CALLS = 16, WAITS = -1000 /* no -errno */ };

struct shortage {
	struct injection now;
	unsigned seen, failed;
	bool on;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct shortage shortages[CALLS];
static unsigned calls_count;
static atomic_int *told; /* by the child: the listener, -errno; WAITS: nothing new */

/* --- the filter, in the child ------------------------------------------------- */

static int enter_filter(void)
{
	struct sock_filter steps[CALLS + 3];
	unsigned short count = 0;

	steps[count++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						      offsetof(struct seccomp_data, nr));
	for (unsigned i = 0; i < calls_count; i++)
		steps[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							      (uint32_t)shortages[i].now.call,
							      (uint8_t)(calls_count - i), 0);
	steps[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	steps[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);

	const struct sock_fprog program = { .len = count, .filter = steps };
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			  &program);
	return fd < 0 ? -errno : (int)fd;
}

void inject_enter(void)
{
	if (!told)
		return;
	int fd = enter_filter();
	atomic_store(told, fd);
	if (fd < 0)
		_exit(1);
	while (atomic_load(told) != WAITS)
		usleep(1000);
}

/* --- answers, in the test's process ---------------------------------------------- */

static bool is_of_file(const struct seccomp_notif *asked, const char *part)
{
	char link[64], path[4096];
	snprintf(link, sizeof(link), "/proc/%u/fd/%d", asked->pid, (int)asked->data.args[0]);
	ssize_t len = readlink(link, path, sizeof(path));

	return len > 0 && memmem(path, (size_t)len, part, strlen(part));
}

static bool fails(struct shortage *shortage, const struct seccomp_notif *asked)
{
	const struct injection *now = &shortage->now;

	if (!shortage->on || (now->only && (pid_t)asked->pid != now->only) ||
	    (now->but && (pid_t)asked->pid == now->but) ||
	    (now->of && !now->of((pid_t)asked->pid)) ||
	    (now->file && !is_of_file(asked, now->file)))
		return false;
	unsigned number = shortage->seen++;
	return number >= now->skip && (now->count == 0 || number - now->skip < now->count);
}

static struct seccomp_notif_resp answer(const struct seccomp_notif *asked)
{
	struct seccomp_notif_resp answer = {
		.id = asked->id,
		.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
	};

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < calls_count; i++) {
		if (shortages[i].now.call != asked->data.nr || !fails(&shortages[i], asked))
			continue;
		shortages[i].failed++;
		if (shortages[i].now.kills)
			kill((pid_t)asked->pid, SIGKILL);
		answer.flags = 0;
		answer.error = -shortages[i].now.error;
	}
	pthread_mutex_unlock(&lock);
	return answer;
}

/* Newer kernels may write more than their headers said once. */
union notice {
	struct seccomp_notif asked;
	char room[1024];
};

static void *attend(void *listener)
{
	int fd = (int)(intptr_t)listener;
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	while (poll(&wait, 1, -1) >= 0 || errno == EINTR) {
		union notice notice = { 0 };

		if (!(wait.revents & POLLIN) && wait.revents & (POLLHUP | POLLERR))
			break;
		/* Who asked may be gone, or interrupted, before and after this. */
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &notice.asked) < 0)
			continue;
		struct seccomp_notif_resp said = answer(&notice.asked);
		ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &said);
	}
	close(fd);
	return NULL;
}

static int fetch(pid_t child, int number)
{
	if (number < 0)
		return number;
	int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
	int error = errno;

	if (pidfd >= 0)
		close(pidfd);
	return fd < 0 ? -error : fd;
}

void inject_attend(pid_t child)
{
	pthread_t thread;
	int number;

	if (!told)
		return;
	while ((number = atomic_load(told)) == WAITS)
		usleep(1000);
	int fd = fetch(child, number);
	if (fd < 0)
		test_skip(memory_printf("system calls cannot be injected into here: %s",
					strerror(-fd)));
	ck_assert_int_eq(pthread_create(&thread, NULL, attend, (void *)(intptr_t)fd), 0);
	pthread_detach(thread);
	atomic_store(told, WAITS);
}

/* --- what a test says ----------------------------------------------------------- */

void inject_into_calls(const int *calls)
{
	if (getenv("WRAPPER"))
		test_skip("the wrapper's own system calls would fail");
	for (calls_count = 0; calls[calls_count] >= 0; calls_count++) {
		ck_assert_uint_lt(calls_count, CALLS);
		shortages[calls_count].now.call = calls[calls_count];
		/* A sanitizer looks for leaks with a process of its own, and without it fails. */
		if (calls[calls_count] == SYS_clone)
			setenv("LSAN_OPTIONS", "detect_leaks=0", 1);
	}
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(told, MAP_FAILED);
	atomic_store(told, WAITS);
}

static struct shortage *find(int call)
{
	for (unsigned i = 0; i < calls_count; i++)
		if (shortages[i].now.call == call)
			return &shortages[i];
	ck_abort_msg("inject_into() was not told of the call %d", call);
}

void inject_start(const struct injection *injection)
{
	struct shortage *shortage = find(injection->call);

	pthread_mutex_lock(&lock);
	*shortage = (struct shortage){ .now = *injection, .on = true };
	pthread_mutex_unlock(&lock);
}

unsigned inject_count(int call)
{
	struct shortage *shortage = find(call);

	pthread_mutex_lock(&lock);
	unsigned failed = shortage->failed;
	pthread_mutex_unlock(&lock);
	return failed;
}

unsigned inject_end(int call)
{
	struct shortage *shortage = find(call);

	pthread_mutex_lock(&lock);
	shortage->on = false;
	pthread_mutex_unlock(&lock);
	return inject_count(call);
}

void inject_wait(int call, unsigned count)
{
	struct deadline wait = { 0 };

	while (inject_count(call) < count)
		deadline_wait(&wait, "the call has failed");
}

void inject_into_memory(void)
{
	if (server_is_sanitized)
		test_skip("a sanitizer ends the program when it gets no memory");
	inject_into(SYS_mmap, SYS_brk);
}

void inject_no_memory_for(const struct injection *whose)
{
	struct injection injection = *whose;

	injection.call = SYS_mmap;
	injection.error = ENOMEM;
	inject_start(&injection);
	/* It says by 0 that the end of the heap stays where it is. */
	injection.call = SYS_brk;
	injection.error = 0;
	inject_start(&injection);
}

unsigned inject_memory_end(void)
{
	return inject_end(SYS_mmap) + inject_end(SYS_brk);
}
