/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/upgrade/module_state.h"

#include <errno.h>
#include <log.h>
#include <pool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exact.h"
#include "config/modules.h"

enum { BYTES_MAX = 1 << 20 };

/* A descriptor or -errno. */
static int write_file(struct str bytes)
{
	int fd = memfd_create("skua module", MFD_CLOEXEC);
	int error = fd < 0 ? -errno : write_exactly(fd, bytes);

	if (error == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return error;
}

bool modules_pass_on(bool (*act)(void *data, const char *name, int fd), void *data)
{
	bool goes_on = true;

	for (size_t i = 0; i < module_count() && goes_on; i++) {
		const struct module *module = module_at(i);

		if (!module->pass_on)
			continue;

		struct pool *pool = pool_create(0);
		struct str bytes = module->pass_on(pool);
		int fd = bytes.len > BYTES_MAX ? -EFBIG : bytes.len ? write_file(bytes) : 0;

		pool_destroy(pool);
		if (fd < 0)
			log_errorc(fd, "upgrade: what the module %s keeps is not passed on",
				   module->name);
		else if (fd > 0)
			goes_on = act(data, module->name, fd);
	}
	return goes_on;
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
