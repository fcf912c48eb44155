/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/exact.h"

#include <errno.h>
#include <unistd.h>

int read_exactly(int fd, char *to, size_t offset, size_t size)
{
	while (size > 0) {
		ssize_t got = pread(fd, to, size, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		to += got;
		offset += (size_t)got;
		size -= (size_t)got;
	}
	return 0;
}

int write_exactly(int fd, struct str bytes)
{
	while (bytes.len) {
		ssize_t put = write(fd, bytes.data, bytes.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put < 0 ? -errno : -EIO;
		bytes = str_skip(bytes, (size_t)put);
	}
	return 0;
}
