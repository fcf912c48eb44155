/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The address is a hash. A directory goes into it as device and inode, because a directory
 * can be named in several ways, and another container can have another directory of the
 * same name. The file goes into it by its name, because editors replace the inode.
 */
#include "process/server/control_address.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "process/server/generation.h"

/* FNV-1a, without a random key: the command and the server must get the same hash. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 0x100000001b3;
	return hash;
}

static uint64_t mix_directory(uint64_t hash, const struct stat *status)
{
	const uint64_t id[] = { status->st_dev, status->st_ino };

	return mix(hash, id, sizeof(id));
}

void control_address(const struct startup *startup, char address[CONTROL_ADDRESS_SIZE])
{
	struct str path = startup->conf_path;
	struct str dir = str_head(path, (size_t)(str_rchr(path, '/') + 1));
	struct str file = str_skip(path, dir.len);
	uint64_t hash = 0xcbf29ce484222325;
	struct stat status;
	char name[4096];

	address[0] = '\0';
	if (dir.len >= sizeof(name))
		return;
	*str_put(name, dir) = '\0';
	if (stat(name, &status) < 0)
		return;
	hash = mix_directory(hash, &status);
	if (stat(startup->prefix.data, &status) == 0)
		hash = mix_directory(hash, &status);
	hash = mix(hash, file.data, file.len);
	/* Servers that share a configuration file are told apart by such an option -g. */
	if (str_find(startup->globals, STR("pid")) >= 0 ||
	    str_find(startup->globals, STR("control")) >= 0)
		hash = mix(hash, startup->globals.data, startup->globals.len);
	snprintf(address, CONTROL_ADDRESS_SIZE, "@skua-%016llx", (unsigned long long)hash);
}
