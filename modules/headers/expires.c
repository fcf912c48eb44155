/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expires (RFC 9111 section 5.3) and max-age say the same thing twice, for old
 * clients and new ones.
 */
#include "expires.h"

#define DAY 86400

/* A thousand years: longer than anybody needs, and far from an overflow. */
#define LONGEST (365000ll * DAY)

/* --- reading ---------------------------------------------------------------- */

struct unit {
	char letter;
	int64_t seconds;
};

/* From the longest to the shortest, the order in which they must be written. */
static const struct unit units[] = {
	{ 'y', 365 * DAY }, { 'M', 30 * DAY }, { 'w', 7 * DAY }, { 'd', DAY },
	{ 'h', 3600 },	    { 'm', 60 },       { 's', 1 },
};

#define UNITS (sizeof(units) / sizeof(units[0]))

/* Takes a number off *rest. */
static bool take_number(struct str *rest, int64_t *out)
{
	size_t digits = 0;
	uint64_t number;

	while (digits < rest->len && rest->data[digits] >= '0' && rest->data[digits] <= '9')
		digits++;
	if (str_to_u64(str_head(*rest, digits), LONGEST, &number) < 0)
		return false;
	*rest = str_skip(*rest, digits);
	*out = (int64_t)number;
	return true;
}

/* "1h 30m": seconds, or -EINVAL. */
static int parse_time(struct str text, int64_t *seconds)
{
	size_t unit = 0;
	int64_t number;

	*seconds = 0;
	do {
		if (unit == UNITS || !take_number(&text, &number))
			return -EINVAL;
		while (unit < UNITS && text.len > 0 && units[unit].letter != text.data[0])
			unit++;
		if (unit == UNITS)
			return -EINVAL;
		/* A number without a letter, the last one: seconds. */
		int64_t factor = text.len > 0 ? units[unit++].seconds : 1;
		if (number > (LONGEST - *seconds) / factor)
			return -EINVAL;
		*seconds += number * factor;
		text = str_trim(str_skip(text, 1), " ");
	} while (text.len > 0);
	return 0;
}

/* "off", "epoch", "max", "30d", "-1", "@15h30m". 0 or -EINVAL. */
static int parse_rule(struct str text, struct expires_rule *out)
{
	*out = (struct expires_rule){ .kind = EXPIRES_OFF };
	if (str_eq(text, STR("off")))
		return 0;
	if (str_eq(text, STR("epoch"))) {
		out->kind = EXPIRES_EPOCH;
		return 0;
	}
	if (str_eq(text, STR("max"))) {
		out->kind = EXPIRES_MAX;
		return 0;
	}

	char sign = text.len > 0 ? text.data[0] : 0;

	if (sign == '@' || sign == '-' || sign == '+')
		text = str_skip(text, 1);
	if (parse_time(text, &out->seconds) < 0)
		return -EINVAL;
	if (sign == '-')
		out->seconds = -out->seconds;
	out->kind = sign == '@' ? EXPIRES_DAILY : EXPIRES_AFTER;
	return sign == '@' && out->seconds > DAY ? -EINVAL : 0;
}

int expires_set(struct conf_call *call, struct expires *expires)
{
	const struct conf_word *word = &call->node->args[call->node->nargs - 1];
	struct str text;

	*expires = (struct expires){ .from_modified = call->node->nargs == 2 };
	if (expires->from_modified && !conf_word_is(&call->node->args[0], "modified"))
		return conf_error(call, &call->node->args[0],
				  "unknown parameter \"%.*s\"\nexpected \"modified\"",
				  STR_ARG(call->node->args[0].text));
	if (conf_parse_template(call, word, &expires->value) < 0)
		return -EINVAL;
	expires->is_literal = template_is_literal(expires->value, &text);
	if (!expires->is_literal)
		return 0;
	if (parse_rule(text, &expires->rule) < 0)
		return conf_error(call, word, "invalid time \"%.*s\"\n"
				  "expected a time such as 30d, @ and a time of day, epoch, max "
				  "or off", STR_ARG(text));
	if (expires->from_modified && expires->rule.kind != EXPIRES_AFTER)
		return conf_error(call, word, "\"modified\" goes with a time only");
	return 0;
}

/* --- the response ----------------------------------------------------------- */

static void set_fields(struct request *req, time_t when, struct str cache_control)
{
	char *text = pool_alloc(req->pool, DATE_HTTP_LEN);

	date_put_http(text, when);
	response_set(req, STR("Expires"), (struct str){ text, DATE_HTTP_LEN });
	response_set(req, STR("Cache-Control"), cache_control);
}

/* The next moment at which the local clock shows so many seconds since midnight. */
static time_t next_time_of_day(time_t now, int64_t seconds)
{
	struct tm local;

	if (!localtime_r(&now, &local))
		return now;
	time_t when = now - (local.tm_hour * 3600 + local.tm_min * 60 + local.tm_sec) + seconds;
	return when > now ? when : when + DAY;
}

void expires_apply(struct request *req, const struct expires *expires)
{
	struct expires_rule rule = expires->rule;
	time_t now = clock_wall_ms() / 1000;

	if (!expires->value)
		return;
	if (!expires->is_literal && parse_rule(template_text(req, expires->value), &rule) < 0)
		return;
	if (expires->from_modified && rule.kind != EXPIRES_AFTER)
		return;

	switch (rule.kind) {
	case EXPIRES_OFF:
		return;
	case EXPIRES_EPOCH: /* not 0, which some clients read as "never" */
		set_fields(req, 1, STR("no-cache"));
		return;
	case EXPIRES_MAX: /* near the largest 31-bit time, and ten years; both as in nginx */
		set_fields(req, 2145916555, STR("max-age=315360000"));
		return;
	case EXPIRES_AFTER:
	case EXPIRES_DAILY:
		break;
	}

	time_t when = now + rule.seconds;

	if (rule.kind == EXPIRES_DAILY)
		when = next_time_of_day(now, rule.seconds);
	else if (expires->from_modified && req->response.last_modified != -1)
		when = req->response.last_modified + rule.seconds;
	set_fields(req, when, when < now ? STR("no-cache")
					 : pool_printf(req->pool, "max-age=%lld",
						       (long long)(when - now)));
}
