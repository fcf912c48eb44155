/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/nearest.h"

enum {
	NAME_MAX_LEN = 64, /* the nearest name is not looked for if it is longer */
};

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/*
 * The number of letters that must be inserted, removed, replaced or swapped with their
 * neighbour to turn a into b (optimal string alignment distance).
 */
static unsigned edit_distance(struct str a, struct str b)
{
	unsigned rows[3][NAME_MAX_LEN + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b.len; j++)
		above[j] = (unsigned)j;
	for (size_t i = 1; i <= a.len; i++) {
		char c = ascii_lower(a.data[i - 1]);

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.len; j++) {
			char d = ascii_lower(b.data[j - 1]);

			row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (c != d));
			if (i > 1 && j > 1 && c == ascii_lower(b.data[j - 2]) &&
			    d == ascii_lower(a.data[i - 2]))
				row[j] = least(row[j], before[j - 2] + 1, row[j]);
		}
		unsigned *reused = before;

		before = above;
		above = row;
		row = reused;
	}
	return above[b.len];
}

static bool is_name_letter(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	struct str name = str_from(candidate), wanted = nearest->wanted;
	size_t longer = wanted.len > name.len ? wanted.len : name.len;
	size_t shorter = wanted.len + name.len - longer;
	unsigned tolerated = longer < 6 ? 1 + (longer > 3) : (unsigned)longer / 3;
	unsigned distance;

	/* The space behind the name was forgotten: "listen:80", "root=/srv". */
	if (wanted.len > name.len && str_starts(wanted, name) &&
	    !is_name_letter(wanted.data[name.len]))
		distance = 1;
	else if (longer > NAME_MAX_LEN || longer - shorter > tolerated)
		return;
	else
		distance = edit_distance(wanted, name);
	if (distance > tolerated || distance >= longer)
		return;
	if (!nearest->best || distance < nearest->distance) {
		nearest->best = candidate;
		nearest->distance = distance;
	}
}
