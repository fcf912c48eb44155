/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the values of fields mean (RFC 9110): lists, entity tags, preconditions,
 * ranges. Pure functions; nothing is allocated, results point into the value.
 */
#ifndef SKUA_FIELD_H
#define SKUA_FIELD_H

#include <stdbool.h>
#include <time.h>

#include <request.h>
#include <str.h>

/* A name of a field, a method, a keyword (section 5.6.2). Not empty. */
bool is_token(struct str s);

/*
 * What may stand behind the colon of a field line: no CR, LF or NUL, which would end
 * the line or the text (section 5.5). Other control characters pass, as in nginx.
 */
bool is_field_value(struct str s);

/*
 * Cuts the next element off a comma-separated list (section 5.6.1), without
 * blanks around it; empty elements are skipped. False at the end. Commas in
 * quoted strings separate too: not for fields that may have such.
 */
bool list_next(struct str *rest, struct str *element);

/* Whether an element of the list equals `token`, compared without case. */
bool list_has(struct str list, struct str token);

/* The highest weight, which is also that of an element without a weight. */
enum { WEIGHT_MAX = 1000 };

/*
 * list_next() for a list with weights (section 12.4.2), such as Accept-Encoding: "gzip;q=0.5"
 * gives "gzip" and 500. *weight is from 0, not acceptable, to WEIGHT_MAX, which is that of an
 * element without one; 0 if the weight is malformed. Other parameters before the
 * weight stay in *element ("text/html;level=1"); those behind it, which are none any more
 * (section 12.5.1), are dropped. An element without a name is skipped.
 */
bool list_next_weighted(struct str *rest, struct str *element, unsigned *weight);

/*
 * The weight of `name`, compared without case, in such a list: that of the first element of
 * this name, or if there is none that of the first "*", or if there is none `otherwise`. For
 * Accept-Encoding (section 12.5.3) `otherwise` is 0 for a coding and more for "identity". The
 * caller checks whether the request has the field: one without it accepts anything.
 */
unsigned list_weight(struct str list, struct str name, unsigned otherwise);

/*
 * Comparison of entity tags (section 8.8.3.2), each with its quotes and W/. A
 * weak tag is never strongly equal to another, nor is an empty one.
 */
bool etag_equals_strongly(struct str a, struct str b);
bool etag_equals_weakly(struct str a, struct str b);

/*
 * Whether If-Match or If-None-Match names this tag. "*" names any, also the
 * empty one of a response without a tag. The list ends at the first malformed tag.
 */
bool etag_list_has(struct str list, struct str etag, bool strongly);

/* How If-Modified-Since compares: the values of the directive if_modified_since. */
enum modified_since {
	SINCE_OFF, /* the field is ignored */
	SINCE_EXACT, /* the same second */
	SINCE_BEFORE, /* that second or earlier */
};

/*
 * Evaluates preconditions in the order of section 13.2.2 for a response that
 * would be a 200: 0 (send it), 304 or 412. etag may be empty, last_modified -1.
 * OPTIONS, TRACE and CONNECT have none.
 */
int preconditions_check(const struct request_known *known, enum method method, struct str etag,
			time_t last_modified, enum modified_since since);

/*
 * Whether the field Range applies: there is no If-Range, or the tag in it is strongly equal,
 * or the date in it is that of the last modification (section 13.1.5). A date less than two
 * seconds ago does not count, since another version may have the same one (section 8.8.2.2).
 */
bool if_range_holds(struct str if_range, struct str etag, time_t last_modified, time_t now);

/* Positions of the first and the last byte, from 0. */
struct range {
	uint64_t first, last;
};

enum range_result {
	RANGE_IGNORED, /* no range after all: send the whole */
	RANGE_PARTIAL, /* *count ranges are to be sent, in the order of the request */
	RANGE_UNSATISFIABLE, /* 416 */
};

/*
 * Reads the field Range (section 14.2) for a representation of `length` bytes;
 * `ranges` has room for `max` of them. The field is ignored when it names
 * another unit, is malformed, has more than `max` ranges, when the ranges
 * together are longer than the representation (a flood of overlapping ranges is),
 * and when the representation is empty. Ranges are neither merged nor sorted.
 */
enum range_result range_parse(struct str value, uint64_t length, struct range *ranges, size_t max,
			      size_t *count);

#endif
