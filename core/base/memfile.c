/* SPDX-License-Identifier: BSD-2-Clause */
/* The file is sealed (fcntl(2), F_ADD_SEALS) as soon as it has its size. */
#include "base/memfile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/exact.h"

int memfile_create(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	int error = -errno;
	close(fd);
	return error;
}

int memfile_map(int fd, size_t size, void **memory)
{
	struct stat status;
	int seals = fcntl(fd, F_GET_SEALS);

	*memory = NULL;
	if (seals < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size != (off_t)size || !(seals & F_SEAL_SHRINK))
		return -EINVAL;

	void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (mapped == MAP_FAILED)
		return -errno;
	*memory = mapped;
	return 0;
}

int memfile_with(const char *name, struct str bytes)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		return -errno;

	int error = write_exactly(fd, bytes);

	if (error == 0)
		return fd;
	close(fd);
	return error;
}
