/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/serve_password.h"

#include <base64.h>
#include <digest.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <termios.h>
#include <unistd.h>

enum { SALT_SIZE = 8, PASSWORD_MAX = 1024 };

/* As it is shown to others that the folder is Skua's. */
#define FOLDER "skua-serve-XXXXXX"
#define FILE_NAME "/users"

/* Reads a line into `line`, without its end. False: there is none, or it is too long. */
static bool read_line(char *line, int size)
{
	if (!fgets(line, size, stdin))
		return false;
	size_t len = strcspn(line, "\r\n");
	bool is_whole = line[len] != '\0';
	line[len] = '\0';
	return is_whole || feof(stdin);
}

static struct termios before; /* how the terminal was before ask() */

/* Lets the terminal show what is typed again, and ends as by the signal without a handler. */
static void restore(int number)
{
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	signal(number, SIG_DFL);
	raise(number);
}

/* The password from the terminal, which does not show it. */
static bool ask(const char *user, char *line, int size)
{
	static const int endings[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
	enum { ENDINGS = sizeof(endings) / sizeof(endings[0]) };
	struct sigaction handlers[ENDINGS];
	struct termios silent;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before) < 0)
		return read_line(line, size);
	for (int i = 0; i < ENDINGS; i++) {
		const struct sigaction action = { .sa_handler = restore };

		sigaction(endings[i], &action, &handlers[i]);
		if (handlers[i].sa_handler == SIG_IGN) /* as nohup sets it */
			sigaction(endings[i], &handlers[i], NULL);
	}
	fprintf(stderr, "Password for %s: ", user);
	fflush(stderr);
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	silent.c_cc[VSUSP] = _POSIX_VDISABLE; /* after Ctrl-Z and fg the echo might be on */
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	bool is_there = read_line(line, size);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	for (int i = 0; i < ENDINGS; i++)
		sigaction(endings[i], &handlers[i], NULL);
	fputs("\n", stderr);
	return is_there;
}

/* "{SSHA}": the digest of password and salt, and the salt. */
static struct str stored_form(struct pool *pool, struct str password)
{
	unsigned char bytes[SHA1_SIZE + SALT_SIZE], *salt = bytes + SHA1_SIZE;

	if (getrandom(salt, SALT_SIZE, 0) != SALT_SIZE)
		return STR("");
	const struct str parts[] = { password, { (const char *)salt, SALT_SIZE } };
	sha1_of(pool_concat(pool, parts, 2), bytes);
	return base64_encode(pool, (struct str){ (const char *)bytes, sizeof(bytes) });
}

/* The file in a new folder. A descriptor or -errno. */
static int create_file(struct pool *pool, uid_t uid, gid_t gid, const char **path)
{
	const char *tmp = getenv("TMPDIR");
	char *folder = pool_cstr(pool, pool_printf(pool, "%s/" FOLDER, tmp && *tmp ? tmp : "/tmp"));

	if (!mkdtemp(folder))
		return -errno;
	*path = pool_printf(pool, "%s" FILE_NAME, folder).data;
	int fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool is_theirs = fd >= 0 && (geteuid() != 0 || (fchown(fd, uid, gid) == 0 &&
							chown(folder, uid, gid) == 0));
	if (is_theirs)
		return fd;
	int error = -errno;
	if (fd >= 0)
		close(fd);
	serve_password_remove(*path);
	return error;
}

static int write_user(struct pool *pool, struct str user, struct str password, uid_t uid, gid_t gid,
		      const char **path)
{
	struct str line = pool_printf(pool, "%.*s:{SSHA}%.*s\n", STR_ARG(user),
				      STR_ARG(stored_form(pool, password)));
	int fd = create_file(pool, uid, gid, path);

	if (fd < 0) {
		fprintf(stderr, "skua serve: --password: cannot make a file for it: %s\n",
			strerror(-fd));
		return fd;
	}
	bool is_written = write(fd, line.data, line.len) == (ssize_t)line.len;
	close(fd);
	if (is_written)
		return 0;
	fprintf(stderr, "skua serve: --password: cannot write \"%s\"\n", *path);
	serve_password_remove(*path);
	return -EIO;
}

int serve_password_write(struct pool *pool, const char *given, uid_t uid, gid_t gid,
			 const char **path)
{
	struct str password = str_from(given), user = str_split(&password, ':');
	bool has_password = strchr(given, ':') != NULL;
	char line[PASSWORD_MAX];

	for (size_t i = 0; i < user.len; i++)
		if ((unsigned char)user.data[i] < ' ')
			user.len = 0;
	if (str_empty(user) || user.data[0] == '#') {
		fprintf(stderr, "skua serve: --password \"%s\" names no user; it is written as "
				"in USER:PASS\n", given);
		return -EINVAL;
	}
	if (!has_password) {
		if (!ask(pool_cstr(pool, user), line, sizeof(line))) {
			fprintf(stderr,
				"skua serve: --password: no password was read, or one that is too "
				"long; type it in a terminal, or write it behind the name: "
				"--password %.*s:PASS\n",
				STR_ARG(user));
			return -EINVAL;
		}
		password = pool_strdup(pool, str_from(line));
		explicit_bzero(line, sizeof(line));
	}
	if (str_empty(password)) {
		fprintf(stderr, "skua serve: --password: the password is empty, so everybody could "
				"get in\n");
		return -EINVAL;
	}
	return write_user(pool, user, password, uid, gid, path);
}

void serve_password_remove(const char *path)
{
	char folder[4096];

	if (!path)
		return;
	unlink(path);
	snprintf(folder, sizeof(folder), "%.*s", (int)(strlen(path) - strlen(FILE_NAME)), path);
	rmdir(folder);
}
