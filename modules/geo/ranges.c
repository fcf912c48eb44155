/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ranges are sorted by their first address; of two with the same first address the larger one
 * comes first. They are visited in this order. A stack holds the ranges that contain the current
 * address, and a step is added wherever the value changes.
 */
#include "ranges.h"

#include <stdlib.h>

geo_address geo_number(struct str bytes)
{
	geo_address number = 0;

	if (bytes.len == 0)
		bytes = STR("\377\377\377\377");
	for (size_t i = 0; i < bytes.len; i++)
		number = number << 8 | (unsigned char)bytes.data[i];
	return bytes.len == 4 ? number | (geo_address)0xffff << 32 : number;
}

void geo_ranges_add(struct geo_ranges *ranges, struct geo_range range)
{
	range.number = (uint32_t)ranges->count;
	ranges->items[ranges->count++] = range;
}

struct str geo_find(const struct geo_steps *steps, geo_address address)
{
	size_t low = 0, high = steps->count; /* the step is one of low … high - 1 */

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (steps->firsts[middle] <= address)
			low = middle;
		else
			high = middle;
	}
	return steps->values[low];
}

/* --- the sweep -------------------------------------------------------------- */

struct sweep {
	struct conf_call *call;
	const struct geo_ranges *ranges;
	const struct geo_range **stack; /* each range lies within the one before it */
	size_t depth;
	struct str none;
	struct geo_steps *steps;
	int result;
};

static int compare(const void *first, const void *second)
{
	const struct geo_range *a = first, *b = second;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	return a->number < b->number ? -1 : 1;
}

static void step(struct sweep *sweep, geo_address first, struct str value)
{
	struct geo_steps *steps = sweep->steps;

	if (steps->count == 0 || steps->firsts[steps->count - 1] != first)
		steps->count++;
	steps->firsts[steps->count - 1] = first;
	steps->values[steps->count - 1] = value;
}

/* Takes the ranges that end before this address off the stack. */
static void leave(struct sweep *sweep, geo_address address)
{
	while (sweep->depth > 0 && sweep->stack[sweep->depth - 1]->last < address) {
		geo_address last = sweep->stack[--sweep->depth]->last;

		step(sweep, last + 1,
		     sweep->depth ? sweep->stack[sweep->depth - 1]->value : sweep->none);
	}
}

static void enter(struct sweep *sweep, const struct geo_range *range)
{
	const struct geo_range *outer;

	leave(sweep, range->first);
	outer = sweep->depth ? sweep->stack[sweep->depth - 1] : NULL;
	if (outer && range->last > outer->last) {
		sweep->result = conf_error(sweep->call, range->word,
					   "\"%.*s\" lies partly in \"%.*s\"",
					   STR_ARG(range->word->text), STR_ARG(outer->word->text));
		return;
	}
	if (outer && sweep->ranges->later_counts && outer->number > range->number) {
		conf_warn(sweep->call, outer->word, "\"%.*s\" replaces \"%.*s\" above",
			  STR_ARG(outer->word->text), STR_ARG(range->word->text));
		return;
	}
	sweep->stack[sweep->depth++] = range;
	step(sweep, range->first, range->value);
}

/*
 * Several lines may be about the same range. Returns the one that applies, or NULL if it was
 * deleted. *taken is the number of these lines.
 */
static const struct geo_range *settle(struct sweep *sweep, const struct geo_range *lines,
				      size_t left, size_t *taken)
{
	const struct geo_range *range = NULL;
	size_t i;

	for (i = 0; i < left && lines[i].first == lines->first && lines[i].last == lines->last;
	     i++) {
		const struct geo_range *line = &lines[i];
		bool is_named = range && range->word;

		if (!line->word) {
			range = range ? range : line;
		} else if (line->is_removal) {
			if (!is_named)
				conf_warn(sweep->call, line->word,
					  "there is no \"%.*s\" above to delete",
					  STR_ARG(line->word->text));
			range = NULL;
		} else {
			if (is_named)
				conf_warn(sweep->call, line->word,
					  "\"%.*s\" had the value \"%.*s\" before",
					  STR_ARG(line->word->text), STR_ARG(range->value));
			range = line;
		}
	}
	*taken = i;
	return range;
}

int geo_ranges_flatten(struct conf_call *call, struct geo_ranges *ranges, struct str none,
		       struct geo_steps *out)
{
	size_t count = ranges->count, taken;
	struct sweep sweep = { .call = call, .ranges = ranges, .none = none, .steps = out };

	/* Each range adds two steps at most. */
	out->firsts = pool_array(call->pool, geo_address, 2 * count + 1);
	out->values = pool_array(call->pool, struct str, 2 * count + 1);
	sweep.stack = heap_alloc((count + 1) * sizeof(*sweep.stack));
	step(&sweep, 0, none);
	if (count)
		qsort(ranges->items, count, sizeof(*ranges->items), compare);
	for (size_t i = 0; i < count; i += taken) {
		const struct geo_range *range =
			settle(&sweep, &ranges->items[i], count - i, &taken);

		if (range)
			enter(&sweep, range);
	}
	leave(&sweep, ~(geo_address)0);
	free(sweep.stack);
	return sweep.result;
}
