/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/coding/accept.h"

#include <field.h>

unsigned accept_weight(struct str list, struct str coding)
{
	return list_weight(list, coding, 0);
}

/* The weight that the list gives to this name; "*" does not count here. */
static unsigned weight_by_name(struct str list, struct str name)
{
	struct str element;
	unsigned weight;

	while (list_next_weighted(&list, &element, &weight))
		if (str_eq_nocase(element, name))
			return weight;
	return 0;
}

int accept_choose(struct str list, const struct accept_form *forms, size_t count, bool has_plain)
{
	unsigned best_weight = 0;
	int best = -1;

	for (size_t i = 0; i < count; i++) {
		const struct accept_form *form = &forms[i], *other = &forms[best < 0 ? 0 : best];
		unsigned weight = form->is_allowed ? accept_weight(list, form->coding) : 0;
		bool is_better = weight > best_weight;

		if (weight == best_weight && best >= 0)
			is_better = form->is_ready == other->is_ready ?
					    form->preference > other->preference :
					    form->is_ready;
		if (is_better) {
			best = (int)i;
			best_weight = weight;
		}
	}
	return has_plain && weight_by_name(list, STR("identity")) > best_weight ? -1 : best;
}
