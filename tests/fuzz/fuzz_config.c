/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fuzzes the reading of a configuration: any bytes are either applied or
 * reported. Files that the input includes are not read: their path begins with a
 * folder that does not exist, unless the input names an absolute one.
 */
#include "unit/config_sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An absolute path would read what happens to lie on this machine. */
static bool names_other_files(struct str text)
{
	return str_find(text, STR("include")) >= 0 && str_chr(text, '/') >= 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };

	if (names_other_files(text) || size == 0)
		return 0;

	struct conf *conf = load_with((struct conf_options){ .prefix = STR("/no/where/"),
							     .path = STR("/no/where/a.conf"),
							     .name = STR("a.conf") },
				      text);

	if ((loaded == 0) != (conf_errors(conf) == 0))
		abort();
	for (const char *c = messages; *c; c++)
		if (((unsigned char)*c < 0x20 && *c != '\n') || *c == 0x7f)
			abort();
	conf_destroy(conf);
	return 0;
}
