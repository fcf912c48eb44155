/* SPDX-License-Identifier: BSD-2-Clause */
#include "file/validators.h"

#include <hash.h>
#include <stdio.h>

/*
 * The kernel advances file times in steps of at most this length, and so does exFAT.
 */
enum { TICK_MS = 10 };

typedef unsigned long long hex;

/* Whether `then` is less than so many milliseconds before `now`, or after it. */
static bool is_within(struct timespec then, struct timespec now, int64_t ms)
{
	if (now.tv_sec - then.tv_sec > VALIDATORS_YOUNG_S + 1)
		return false;
	if (now.tv_sec < then.tv_sec)
		return true;
	int64_t ns = (now.tv_sec - then.tv_sec) * 1000000000ll + now.tv_nsec - then.tv_nsec;
	return ns < ms * 1000000;
}

bool file_is_young(const struct stat *status, struct timespec now)
{
	return is_within(status->st_ctim, now, VALIDATORS_YOUNG_S * 1000);
}

time_t modification_time(const struct stat *status)
{
	return status->st_mtime > 1 ? status->st_mtime : -1;
}

/*
 * Whether another version of the file may get the same time. A time without nanoseconds may come
 * from a file system that stores whole seconds.
 */
static bool may_come_again(struct timespec time, struct timespec now)
{
	return is_within(time, now, time.tv_nsec ? TICK_MS : VALIDATORS_YOUNG_S * 1000);
}

struct str etag_put(char *etag, const struct stat *status, struct str content, struct timespec now)
{
	struct timespec mtime = status->st_mtim, ctime = status->st_ctim;
	hex sec = (hex)mtime.tv_sec, size = (hex)status->st_size;
	bool has_changed = file_is_young(status, now);
	bool is_modified = has_changed && is_within(mtime, now, VALIDATORS_YOUNG_S * 1000);
	int len = 0;

	if (modification_time(status) < 0) {
		if (!has_changed && ctime.tv_sec > 1)
			len = snprintf(etag, ETAG_ROOM, "\"%llx-%llx-%lx-%llx\"", (hex)ctime.tv_sec,
				       size, ctime.tv_nsec, (hex)status->st_ino);
	} else if (!is_modified) {
		len = snprintf(etag, ETAG_ROOM, "\"%llx-%llx\"", sec, size);
	} else if (content.data) {
		len = snprintf(etag, ETAG_ROOM, "\"%llx-%llx-%lx-%llx\"", sec, size, mtime.tv_nsec,
			       (hex)hash_public(content));
	} else if (!may_come_again(mtime, now)) {
		len = snprintf(etag, ETAG_ROOM, "\"%llx-%llx-%lx\"", sec, size, mtime.tv_nsec);
	}
	return (struct str){ etag, (size_t)len };
}
