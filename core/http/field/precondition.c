/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entity tags, and the fields that compare them and dates with a representation:
 * If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since and If-Range.
 */
#include <date.h>
#include <field.h>

/* --- entity tags ------------------------------------------------------------ */

static bool is_weak(struct str etag)
{
	return str_starts(etag, STR("W/"));
}

static struct str opaque_tag(struct str etag)
{
	return is_weak(etag) ? str_skip(etag, 2) : etag;
}

bool etag_equals_strongly(struct str a, struct str b)
{
	return a.len > 0 && !is_weak(a) && str_eq(a, b);
}

bool etag_equals_weakly(struct str a, struct str b)
{
	return a.len > 0 && str_eq(opaque_tag(a), opaque_tag(b));
}

/*
 * Takes the next tag off a list; a tag may have commas in it. Returns false at the end of the
 * list, and at anything that is not a tag.
 */
static bool take_etag(struct str *rest, struct str *etag)
{
	while (rest->len > 0 && memchr(" \t,", rest->data[0], 3))
		*rest = str_skip(*rest, 1);

	size_t prefix = is_weak(*rest) ? 2 : 0;
	struct str tag = str_skip(*rest, prefix);
	if (tag.len == 0 || tag.data[0] != '"')
		return false;
	ssize_t end = str_chr(str_skip(tag, 1), '"');
	if (end < 0)
		return false;

	size_t len = prefix + (size_t)end + 2;
	*etag = str_head(*rest, len);
	*rest = str_skip(*rest, len);
	return true;
}

bool etag_list_has(struct str list, struct str etag, bool strongly)
{
	struct str candidate;

	if (str_eq(str_trim(list, " \t"), STR("*")))
		return true;
	while (take_etag(&list, &candidate))
		if (strongly ? etag_equals_strongly(candidate, etag)
			     : etag_equals_weakly(candidate, etag))
			return true;
	return false;
}

/* --- preconditions ---------------------------------------------------------- */

int preconditions_check(const struct request_known *known, enum method method, struct str etag,
			time_t last_modified, enum modified_since since)
{
	bool reads = method == METHOD_GET || method == METHOD_HEAD;
	time_t date;

	if (method == METHOD_OPTIONS || method == METHOD_TRACE || method == METHOD_CONNECT)
		return 0;

	if (known->if_match.data) {
		if (!etag_list_has(known->if_match, etag, true))
			return 412;
	} else if (last_modified != -1 &&
		   date_parse_http(known->if_unmodified_since, &date) == 0 &&
		   last_modified > date) {
		return 412;
	}

	if (known->if_none_match.data) {
		if (!etag_list_has(known->if_none_match, etag, false))
			return 0;
		return reads ? 304 : 412;
	}
	/* Without a Last-Modified, or with a date that is not valid, the field is ignored. */
	if (!reads || since == SINCE_OFF || last_modified == -1 ||
	    date_parse_http(known->if_modified_since, &date) < 0)
		return 0;
	if (since == SINCE_EXACT)
		return date == last_modified ? 304 : 0;
	return last_modified <= date ? 304 : 0;
}

bool if_range_holds(struct str if_range, struct str etag, time_t last_modified, time_t now)
{
	time_t date;

	if (!if_range.data)
		return true;
	if (str_starts(if_range, STR("\"")) || is_weak(if_range))
		return etag_equals_strongly(if_range, etag);
	if (last_modified == -1 || date_parse_http(if_range, &date) < 0 || date != last_modified)
		return false;
	/* Another version may have the same date: FAT counts times in steps of two seconds. */
	return now - last_modified >= 2;
}
