/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the system call that a client names: `escape on;`, /file?number&argument&... */
#include <linux/openat2.h>
#include <module.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WORDS = 7 }; /* the number and six arguments */

struct escape_conf {
	bool escape;
};

/* What is no number stands for an address: of the file's path, of another's, of a struct. */
static long value_of(struct str word, const char *file)
{
	static const struct open_how how = { .flags = O_WRONLY | O_CREAT, .mode = 0600 };
	uint64_t number = 0;

	if (str_eq(word, STR("file")))
		return (long)file;
	if (str_eq(word, STR("passwd")))
		return (long)"/etc/passwd";
	if (str_eq(word, STR("how")))
		return (long)&how;
	str_to_u64(word, UINT64_MAX, &number);
	return (long)number;
}

static verdict escape_content(struct request *req, const void *data)
{
	const char *file = request_path(req, req->uri).data;
	struct str rest = req->args;
	long w[WORDS];

	if (!((const struct escape_conf *)data)->escape)
		return PASS;
	for (int i = 0; i < WORDS; i++)
		w[i] = value_of(str_split(&rest, '&'), file);
	long result = syscall(w[0], w[1], w[2], w[3], w[4], w[5], w[6]);
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
