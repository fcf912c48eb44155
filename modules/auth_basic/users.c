/* SPDX-License-Identifier: BSD-2-Clause */
#include "users.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	MOST = 16 * 1024 * 1024, /* bytes */
	TRIED_MOST = 32, /* passwords in unknown forms */
};

static int read_all(int fd, struct users *out)
{
	if (fstat(fd, &out->status) < 0)
		return -errno;
	if (!S_ISREG(out->status.st_mode))
		return -EINVAL;
	if (out->status.st_size > MOST)
		return -EFBIG;

	size_t size = (size_t)out->status.st_size;
	ssize_t n = 1;

	out->bytes = malloc(size + 1);
	if (!out->bytes)
		return -ENOMEM;
	for (out->len = 0; n > 0 && out->len < size; out->len += (size_t)n) {
		n = read(fd, out->bytes + out->len, size - out->len);
		if (n < 0)
			return -errno;
	}
	return 0;
}

int users_read(const char *path, struct users *out)
{
	*out = (struct users){ 0 };

	/* With O_NONBLOCK, opening a named pipe does not wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;

	int error = read_all(fd, out);

	close(fd);
	if (error < 0)
		users_free(out);
	return error;
}

void users_free(struct users *users)
{
	free(users->bytes);
	users->bytes = NULL;
	users->len = 0;
}

/* Cuts off the next line that has a user. False: there are no more users. */
static bool next_user(struct str *rest, struct str *name, struct str *stored)
{
	while (!str_empty(*rest)) {
		struct str line = str_split(rest, '\n');

		line = str_split(&line, '\r');
		if (str_starts(line, STR("#")) || str_chr(line, ':') <= 0)
			continue;
		*name = str_split(&line, ':');
		*stored = str_split(&line, ':');
		return true;
	}
	return false;
}

/* Reads all lines, wherever the name is, so that the time does not tell. */
static bool find(const struct users *users, struct str name, struct str *stored)
{
	struct str rest = { users->bytes, users->len }, found, its_password;
	bool is_found = false;

	while (next_user(&rest, &found, &its_password)) {
		if (is_found || !str_eq(found, name))
			continue;
		*stored = its_password;
		is_found = true;
	}
	return is_found;
}

/* No password is right for these, and to say so takes no time. */
static bool is_locked(struct str stored)
{
	return str_empty(stored) || stored.data[0] == '!' || stored.data[0] == '*';
}

/* Takes the time of a comparison: that of the first password whose form is known. */
static void spend_time(const struct users *users, struct str password)
{
	struct str rest = { users->bytes, users->len }, name, stored;

	for (int i = 0; i < TRIED_MOST && next_user(&rest, &name, &stored);) {
		if (is_locked(stored))
			continue;
		if (password_check(password, stored) != PASSWORD_UNKNOWN)
			return;
		i++;
	}
}

enum password_result users_check(const struct users *users, struct str name, struct str password,
				 bool *is_known)
{
	enum password_result result = PASSWORD_UNKNOWN;
	struct str stored;

	*is_known = find(users, name, &stored);
	if (*is_known)
		result = password_check(password, stored);
	if (result == PASSWORD_UNKNOWN)
		spend_time(users, password);
	return result;
}

bool users_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}
