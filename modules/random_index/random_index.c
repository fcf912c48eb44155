/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Responds to a URI that ends in a slash with one of the files in the directory, chosen at random
 * for each request.
 *
 *     location / { random_index on; }
 */
#include <module.h>

#include <sys/random.h>

struct random_index_conf {
	bool is_on;
};

/* Returns a random number below `count`. Low numbers are more likely by at most count / 2^64. */
static size_t pick(size_t count)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		number = hash_str(STR("random_index")) ^ (uint64_t)clock_wall_ms();
	return number % count;
}

static const struct directory_entry *choose(const struct directory *directory)
{
	const struct directory_entry *entry = directory->entries;
	size_t files = 0;

	for (size_t i = 0; i < directory->count; i++)
		files += directory->entries[i].kind == FILE_REGULAR;
	if (files == 0)
		return NULL;
	for (size_t wanted = pick(files);; entry++)
		if (entry->kind == FILE_REGULAR && wanted-- == 0)
			return entry;
}

static verdict random_index_content(struct request *req, const void *data)
{
	const struct random_index_conf *conf = data;

	if (!conf->is_on || !str_ends(req->uri, STR("/")) ||
	    (req->method != METHOD_GET && req->method != METHOD_HEAD &&
	     req->method != METHOD_POST))
		return PASS;

	struct str path = request_path(req, req->uri);
	const struct directory *directory;
	struct file *file;

	if (file_open(req, path, &file) == WAIT)
		return WAIT;
	if (file->kind != FILE_DIRECTORY)
		return file->kind == FILE_MISSING ? file_refuse(req, file) : PASS;
	if (directory_read(req, path, DIRECTORY_UNORDERED, &directory) == WAIT)
		return WAIT;
	if (directory->error)
		return directory_refuse(req, path, directory);

	const struct directory_entry *entry = choose(directory);

	if (!entry)
		return PASS;

	const struct str parts[] = { req->uri, entry->name };

	return request_redirect(req, pool_concat(req->pool, parts, 2), req->args);
}

const struct module random_index_module = {
	.name = "random_index",
	.summary = "responds to directory URIs with a random file",
	.conf_size = sizeof(struct random_index_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("random_index", IN_LOCATION, struct random_index_conf, is_on,
			  "on | off",
			  "Responds to a URI that ends in a slash with one of the files in the "
			  "directory, chosen at random for each request. It takes precedence "
			  "over index. Names that begin with a dot are not chosen, and neither "
			  "are symbolic links that lead to no file or that `symlinks` does not "
			  "follow. If a directory has no files, the directive has no effect.\n\n"
			  "    location /pictures/ {\n"
			  "        random_index on;\n"
			  "    }",
			  .initial = "off"),
		{ 0 }
	},
	.on[PHASE_CONTENT] = random_index_content,
	.if_configured = true,
};
