/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The index of a module in the list of all.
 */
#include "config/modules.h"

size_t module_index(const struct module *module)
{
	size_t index = 0;

	while (index < module_count() && module_at(index) != module)
		index++;
	assert(index < module_count());
	return index;
}
