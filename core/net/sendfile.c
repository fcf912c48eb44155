/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/sendfile.h"

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <log.h>

/* How many devices are remembered. On others sendfile(2) is tried, and fails, each time. */
enum { DEVICES = 32 };

static struct {
	dev_t devices[DEVICES];
	size_t count;
} refused; /* devices on which sendfile(2) does not work */

bool sendfile_is_refused(int error)
{
	return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == EPERM;
}

static bool is_remembered(dev_t device)
{
	for (size_t i = 0; i < refused.count; i++)
		if (refused.devices[i] == device)
			return true;
	return false;
}

void sendfile_note_refusal(int fd, int error)
{
	struct stat status;

	if (fstat(fd, &status) < 0 || is_remembered(status.st_dev) || refused.count == DEVICES)
		return;
	refused.devices[refused.count++] = status.st_dev;
	log_warnc(error,
		  "sendfile() does not work on the file system of device %u:%u; its files are "
		  "read and written instead, as with \"sendfile off\"",
		  major(status.st_dev), minor(status.st_dev));
}

bool sendfile_works(int fd)
{
	struct stat status;

	return refused.count == 0 || fstat(fd, &status) < 0 || !is_remembered(status.st_dev);
}
