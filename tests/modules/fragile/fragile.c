/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A coding whose encoder breaks down at its best level: the first byte of a file says how. At its
 * first level the form is the first half of the file, at the best one the first third.
 *
 *     c   it crashes             x   it ends the process
 *     g   its form is as long as the file
 *     l   it writes without an end
 *     w   it needs a second
 *     o   it tries to open a file, and writes "yes" if it can
 */
#include <module.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern const struct module fragile_module;

enum { FIRST = 1, BEST = 2 };

struct fragile_conf {
	struct coding_conf coding; /* first */
};

static void *begin(int level, int64_t length)
{
	int *stream = malloc(sizeof(*stream));

	(void)length;
	*stream = level;
	return stream;
}

static void fill_memory(void)
{
	static const char bytes[4096];

	for (int fd = 3; fd < 1000; fd++)
		while (fcntl(fd, F_GET_SEALS) >= 0 && write(fd, bytes, sizeof(bytes)) > 0) {
		}
}

static bool can_open(void)
{
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int encode(void *stream, enum coding_step step, struct str *in, char **to, char *limit)
{
	size_t len = in->len / (*(int *)stream == BEST ? 3 : 2);

	(void)step;
	(void)limit;
	if (*(int *)stream == BEST)
		switch (*in->data) {
		case 'c':
			__builtin_trap();
		case 'x':
			_exit(0);
		case 'g':
			return 0;
		case 'l':
			fill_memory();
			break;
		case 'w':
			usleep(999999);
			break;
		case 'o':
			*to = can_open() ? str_put(*to, STR("yes")) : str_put(*to, STR("no "));
			len -= 3;
			break;
		default:
			break;
		}
	memcpy(*to, in->data, len);
	*to += len;
	*in = str_skip(*in, in->len);
	return 1;
}

static size_t memory(int level, int64_t length)
{
	(void)level;
	(void)length;
	return 4096;
}

static int best_level(uint64_t length)
{
	(void)length;
	return BEST;
}

static const struct coding fragile_coding = {
	.name = STR_INIT("fragile"),
	.suffix = STR_INIT(".fragile"),
	.tag = STR_INIT("f"),
	.begin = begin,
	.encode = encode,
	.end = free,
	.memory = memory,
	.best_level = best_level,
};

const struct module fragile_module = {
	.name = "fragile",
	.summary = "has a coding that breaks down",
	.conf_size = sizeof(struct fragile_conf),
	.coding = &fragile_coding,
	.directives = (const struct directive[]) {
		DIRECTIVE("fragile", IN_ANY_HTTP, struct fragile_conf, coding.on, "on | off",
			  "Encodes responses.", .initial = "off"),
		DIRECTIVE("fragile_comp_level", IN_ANY_HTTP, struct fragile_conf, coding.level,
			  "level", "The level.", .initial = "1", .min = 1, .max = 2),
		{ 0 }
	},
	.on[PHASE_CONTENT] = coding_content,
	.on[PHASE_FILTER] = coding_filter,
	.filter_role = FILTER_ENCODING,
	.if_configured = true,
};
