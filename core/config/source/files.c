/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of a configuration: each is read once, whole, and kept as long as
 * the configuration, for messages and for -T. Also resolves the paths in them.
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/internal.h"

enum {
	FILE_SIZE_MAX = 256 << 20, /* a larger file was named by mistake */
};

static struct conf_file *file_add(struct conf *conf, struct conf_file file)
{
	struct conf_file *copy = pool_memdup(conf->pool, &file, sizeof(file));

	copy->index = (unsigned)conf->file_count;
	conf->files = pool_grow(conf->pool, conf->files, conf->file_count, &conf->file_capacity,
				sizeof(*conf->files));
	conf->files[conf->file_count++] = copy;
	return copy;
}

struct conf_file *file_of_text(struct conf *conf, struct str name, struct str text)
{
	return file_add(conf, (struct conf_file){ .name = name, .content = text, .is_text = true });
}

/* 0 or -errno. A pipe may be a configuration, so the size is not known before. */
static int read_all(struct conf *conf, int fd, struct str *out)
{
	struct stat info;

	if (fstat(fd, &info) < 0)
		return -errno;
	if (S_ISDIR(info.st_mode))
		return -EISDIR;
	if (info.st_size > FILE_SIZE_MAX)
		return -EFBIG;

	size_t capacity = info.st_size > 0 ? (size_t)info.st_size + 1 : 4096, len = 0;
	char *buffer = pool_alloc(conf->pool, capacity);

	for (;;) {
		ssize_t n = read(fd, buffer + len, capacity - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > FILE_SIZE_MAX)
			return -EFBIG;
		buffer = pool_grow(conf->pool, buffer, len, &capacity, 1);
	}
	*out = (struct str){ buffer, len };
	return 0;
}

int file_read(struct conf *conf, struct str path, struct str name, struct conf_file **out)
{
	struct conf_file file = { .name = name, .path = path };

	*out = hash_get(&conf->files_by_path, path);
	if (*out)
		return 0;
	int fd = open(path.data, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	int error = read_all(conf, fd, &file.content);
	close(fd);
	if (error < 0)
		return error;
	*out = file_add(conf, file);
	hash_put(&conf->files_by_path, (*out)->path, *out);
	return 0;
}

struct str path_clean(struct pool *pool, struct str path)
{
	char *copy = pool_cstr(pool, path), *to = copy;

	for (size_t i = 0; i < path.len;)
		if (str_starts(str_skip(path, i), STR("/./")))
			i += 2;
		else
			*to++ = path.data[i++];
	*to = '\0';
	return str_range(copy, to);
}

static struct str below(struct conf *conf, struct str directory, struct str path)
{
	if (path.len && path.data[0] == '/')
		return path;
	return path_clean(conf->pool,
			  pool_concat(conf->pool, (const struct str[]){ directory, path }, 2));
}

struct str conf_full_path(struct conf *conf, struct str path)
{
	return below(conf, conf->options.prefix, path);
}

struct str conf_relative_to_file(struct conf *conf, struct str path)
{
	struct str file = conf->options.path;

	return below(conf, str_head(file, (size_t)(str_rchr(file, '/') + 1)), path);
}

struct str path_below_prefix(struct pool *pool, struct str prefix, const char *built_in)
{
	struct str path = str_from(built_in), old = str_from(SKUA_PREFIX);

	while (str_ends(old, STR("/")))
		old.len--;
	if (!str_starts(path, old) || path.len == old.len || path.data[old.len] != '/')
		return path;
	path = str_skip(path, old.len + 1);
	return pool_concat(pool, (const struct str[]){ prefix, path }, 2);
}

struct str conf_built_in_path(struct conf *conf, const char *path)
{
	return path_below_prefix(conf->pool, conf->options.prefix, path);
}

void conf_dump(const struct conf *conf, FILE *to)
{
	for (size_t i = 0; i < conf->file_count; i++) {
		const struct conf_file *file = conf->files[i];

		if (file->is_text)
			continue;
		fprintf(to, "# configuration file %.*s:\n", STR_ARG(file->path));
		fwrite(file->content.data, 1, file->content.len, to);
		fputc('\n', to);
	}
}
