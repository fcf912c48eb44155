/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Targets. A normalized path has no segment that climbs, stays the same when it
 * is escaped and normalized again, and never holds a NUL. A part that is decoded
 * stays the same when it is escaped and decoded again.
 */
#include <assert.h>
#include <escape.h>

#include "http/field/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_normal(struct str path, struct str normal, bool merge)
{
	assert(normal.len > 0 && normal.len <= path.len && normal.data[0] == '/');
	assert(str_chr(normal, 0) < 0);
	assert(!merge || str_find(normal, STR("//")) < 0);
	for (struct str rest = normal; rest.len > 0;) {
		struct str segment = str_split(&rest, '/');
		assert(!str_eq(segment, STR(".")) && !str_eq(segment, STR("..")));
	}
}

static void check_path(struct pool *pool, struct str path, bool merge)
{
	struct str normal, again;

	if (path_resolve(pool, path, merge, &normal))
		check_normal(path, normal, merge);
	if (!uri_decode_path(pool, path, merge, &normal))
		return;
	check_normal(path, normal, merge);
	assert(uri_decode_path(pool, uri_escape(pool, normal), merge, &again));
	assert(str_eq(normal, again));
	assert(path_resolve(pool, normal, merge, &again) && str_eq(normal, again));
}

static void check_component(struct pool *pool, struct str text)
{
	struct str decoded, again;

	if (!uri_decode(pool, text, &decoded))
		return;
	assert(decoded.len <= text.len && str_chr(decoded, 0) < 0);
	assert(uri_decode(pool, uri_escape_component(pool, decoded), &again));
	assert(str_eq(decoded, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size }, host, again;
	struct pool *pool = pool_create(0);
	struct target target;

	check_component(pool, text);
	if (target_split(METHOD_GET, text, &target) == 0) {
		check_path(pool, target.path, true);
		check_path(pool, target.path, false);
		text = target.authority;
	}
	if (host_parse(pool, text, &host) == 0) {
		assert(host.len > 0 && host_parse(pool, host, &again) == 0);
		assert(str_eq(host, again) || host.data[host.len - 1] == '.');
	}
	html_escape(pool, text);
	pool_destroy(pool);
	return 0;
}
