/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/upgrade/module_state.h"

#include <errno.h>
#include <log.h>
#include <pool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memfile.h"
#include "config/modules.h"

enum { BYTES_MAX = 1 << 20 };

/* A descriptor; 0: there is nothing to pass on; or -errno. */
static int state_of(const struct module *module)
{
	struct pool *pool = pool_create(0);
	struct str bytes = module->pass_on ? module->pass_on(pool) : STR("");
	int fd = 0;

	if (bytes.len > BYTES_MAX)
		fd = -EFBIG;
	else if (bytes.len)
		fd = memfile_with("skua module", bytes);
	pool_destroy(pool);
	return fd;
}

bool modules_pass_on(bool (*act)(void *data, const char *name, int fd), void *data)
{
	for (size_t i = 0; i < module_count(); i++) {
		const struct module *module = module_at(i);
		int fd = state_of(module);

		if (fd < 0)
			log_errorc(fd, "upgrade: what the module %s keeps is not passed on",
				   module->name);
		else if (fd > 0 && !act(data, module->name, fd))
			return false;
	}
	return true;
}

void module_take_over(struct str name, int fd)
{
	struct pool *pool = pool_create(0);
	struct stat status;
	char *bytes = NULL;
	size_t len = 0;

	if (fstat(fd, &status) == 0 && status.st_size > 0 && status.st_size <= BYTES_MAX) {
		len = (size_t)status.st_size;
		bytes = pool_alloc(pool, len);
	}
	if (bytes && pread(fd, bytes, len, 0) == (ssize_t)len)
		for (size_t i = 0; i < module_count(); i++)
			if (str_eq(name, str_from(module_at(i)->name)) && module_at(i)->take_over)
				module_at(i)->take_over((struct str){ bytes, len });
	pool_destroy(pool);
}
