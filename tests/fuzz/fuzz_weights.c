/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists with weights. Each element has a name and a weight, lies in the list, and what the
 * list says of a name is said of the first element of that name.
 */
#include <assert.h>
#include <field.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str list = { (const char *)data, size }, rest = list, element, first = STR("");
	unsigned weight, found = 0;

	while (list_next_weighted(&rest, &element, &weight)) {
		assert(element.len > 0 && weight <= WEIGHT_MAX);
		assert(element.data >= list.data &&
		       element.data + element.len <= list.data + list.len);
		assert(str_eq(str_trim(element, " \t"), element));
		if (str_empty(first)) {
			first = element;
			found = weight;
		}
	}
	assert(rest.len == 0);
	if (!str_empty(first))
		assert(list_weight(list, first, 1) == found);
	else
		assert(list_weight(list, STR("gzip"), 1) == 1);
	return 0;
}
