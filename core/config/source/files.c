/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of a configuration: each is read once, whole, and kept as long as
 * the configuration, for messages and for -T. Also resolves the paths in them.
 */
#include "config/source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FILE_SIZE_MAX = 256 << 20, /* a larger file was named by mistake */
};

static struct conf_file *file_add(struct conf_source *source, struct conf_file file)
{
	struct conf_file *copy = pool_memdup(source->pool, &file, sizeof(file));

	copy->index = (unsigned)source->file_count;
	source->files = pool_grow(source->pool, source->files, source->file_count,
				  &source->file_capacity, sizeof(*source->files));
	source->files[source->file_count++] = copy;
	return copy;
}

struct conf_file *file_of_text(struct conf_source *source, struct str name, struct str text)
{
	return file_add(source,
			(struct conf_file){ .name = name, .content = text, .is_text = true });
}

/* 0 or -errno. A pipe may be a configuration, so the size is not known before. */
static int read_all(struct conf_source *source, int fd, struct str *out)
{
	struct stat info;

	if (fstat(fd, &info) < 0)
		return -errno;
	if (S_ISDIR(info.st_mode))
		return -EISDIR;
	if (info.st_size > FILE_SIZE_MAX)
		return -EFBIG;

	size_t capacity = info.st_size > 0 ? (size_t)info.st_size + 1 : 4096, len = 0;
	char *buffer = pool_alloc(source->pool, capacity);

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
		buffer = pool_grow(source->pool, buffer, len, &capacity, 1);
	}
	*out = (struct str){ buffer, len };
	return 0;
}

int file_read(struct conf_source *source, struct str path, struct str name, struct conf_file **out)
{
	struct conf_file file = { .name = name, .path = path };

	*out = hash_get(&source->files_by_path, path);
	if (*out)
		return 0;
	int fd = open(path.data, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	int error = read_all(source, fd, &file.content);
	close(fd);
	if (error < 0)
		return error;
	*out = file_add(source, file);
	hash_put(&source->files_by_path, (*out)->path, *out);
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

struct str path_below(struct pool *pool, struct str directory, struct str path)
{
	if (str_starts(path, STR("/")))
		return path;
	return path_clean(pool, pool_concat(pool, (const struct str[]){ directory, path }, 2));
}

struct str path_beside_main(struct conf_source *source, struct str path)
{
	struct str main = source->path;
	struct str directory = str_head(main, (size_t)(str_rchr(main, '/') + 1));

	return path_below(source->pool, directory, path);
}
