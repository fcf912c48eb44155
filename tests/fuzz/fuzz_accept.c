/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accept-Encoding. The form that is chosen is allowed and acceptable, none that is better was
 * passed over, and the plain form is chosen only if nothing else is acceptable, or if the
 * client has said that it likes it better.
 */
#include <assert.h>
#include <field.h>

#include "http/coding/accept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says which forms there are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct accept_form forms[] = {
		{ STR_INIT("br"), false, 3, true },   { STR_INIT("gzip"), false, 1, true },
		{ STR_INIT("zstd"), false, 2, true }, { STR_INIT("gzip"), true, 1, true },
		{ STR_INIT("br"), true, 3, true },
	};
	enum { FORMS = sizeof(forms) / sizeof(forms[0]) };
	unsigned bits = size ? data[0] : 0;
	struct str list = str_skip((struct str){ (const char *)data, size }, 1);
	bool has_plain = bits & 1 << FORMS;

	for (int i = 0; i < FORMS; i++)
		forms[i].is_allowed = bits & 1u << i;

	int best = accept_choose(list, forms, FORMS, has_plain);
	unsigned weight = best < 0 ? 0 : accept_weight(list, forms[best].coding);

	assert(best >= -1 && best < FORMS);
	assert(best < 0 || (forms[best].is_allowed && weight > 0 && weight <= WEIGHT_MAX));
	for (int i = 0; i < FORMS; i++) {
		unsigned other = forms[i].is_allowed ? accept_weight(list, forms[i].coding) : 0;

		if (best >= 0)
			assert(other <= weight && (other < weight || !forms[i].is_ready ||
						   forms[best].is_ready));
		else if (other > 0)
			assert(has_plain && list_weight(list, STR("identity"), 0) > other);
	}
	return 0;
}
