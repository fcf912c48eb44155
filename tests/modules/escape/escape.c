/* SPDX-License-Identifier: BSD-2-Clause */
/* Tries what a worker must not be able to: `escape on;`, /file?what or /?what&pid. */
#include <linux/openat2.h>
#include <module.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct escape_conf {
	bool escape;
};

static long opened(long fd)
{
	return fd < 0 ? fd : close((int)fd);
}

static long attempt(struct str what, const char *path, pid_t pid)
{
	struct open_how how = { .flags = O_WRONLY | O_CREAT, .mode = 0600 };
	char *const none[] = { NULL };

	if (str_eq(what, STR("read")))
		return opened(open("/etc/passwd", O_RDONLY));
	if (str_eq(what, STR("write")))
		return opened(open(path, O_WRONLY | O_CREAT, 0600));
	if (str_eq(what, STR("write2")))
		return opened(syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how)));
	if (str_eq(what, STR("exec")))
		return execve("/bin/true", none, none);
	if (str_eq(what, STR("fork")))
		return fork();
	if (str_eq(what, STR("connect")))
		return connect(0, &(struct sockaddr){ AF_INET, "" }, sizeof(struct sockaddr));
	if (str_eq(what, STR("socket")))
		return socket(AF_INET, SOCK_STREAM, 0);
	if (str_eq(what, STR("ptrace")))
		return ptrace(PTRACE_ATTACH, pid, NULL, NULL);
	if (str_eq(what, STR("kill")))
		return kill(pid, SIGKILL);
	if (str_eq(what, STR("tgkill")))
		return syscall(SYS_tgkill, pid, pid, SIGKILL);
	return (long)mmap(NULL, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static verdict escape_content(struct request *req, const void *data)
{
	struct str pid = req->args, what = str_split(&pid, '&');
	uint64_t number = 0;

	if (!((const struct escape_conf *)data)->escape)
		return PASS;
	str_to_u64(pid, INT32_MAX, &number);
	long result = attempt(what, request_path(req, req->uri).data, (pid_t)number);
	return respond_text(req, 200, result < 0 ? str_from(strerrorname_np(errno)) : STR("done"));
}

const struct module escape_module = {
	.name = "escape",
	.summary = "tries to get out of the sandbox",
	.conf_size = sizeof(struct escape_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("escape", IN_ANY_HTTP, struct escape_conf, escape, "on | off", "Tries."),
		{ 0 }
	},
	.on[PHASE_CONTENT] = escape_content,
};
