/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calendar arithmetic in the proleptic Gregorian calendar, and the formats on
 * top of it. The C library is asked for one thing only: the offset of the local
 * zone.
 */
#include <date.h>

#include <errno.h>

#define DAY 86400

/* 0000-01-01 00:00:00 and 9999-12-31 23:59:59. */
#define FIRST_SECOND (-62167219200)
#define LAST_SECOND  253402300799

static const char month_names[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
};

static const char *const day_names[7] = {
	"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
};

struct date {
	int year, month, day; /* month and day from 1 */
	int hour, minute, second;
	int weekday; /* 0: Sunday */
};

/* --- arithmetic ------------------------------------------------------------- */

/*
 * A year that begins in March has its leap day last, so days and months are in
 * a linear relation: the months of 31 and 30 days from March on have 153 days
 * in each group of five. An era is 400 years, 146097 days.
 */
static int64_t days_of(int year, int month, int day)
{
	int64_t shifted = month > 2 ? year : year - 1;
	int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
	int64_t year_of_era = shifted - era * 400;
	int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468; /* from 0000-03-01 to 1970-01-01 */
}

static struct date date_of(int64_t seconds)
{
	if (seconds < FIRST_SECOND)
		seconds = FIRST_SECOND;
	if (seconds > LAST_SECOND)
		seconds = LAST_SECOND;

	int64_t days = seconds / DAY - (seconds % DAY < 0);
	int second = (int)(seconds - days * DAY);
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t day_of_era = shifted - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int month = (int)(5 * day_of_year + 2) / 153; /* from March on */

	return (struct date){
		.year = (int)(era * 400 + year_of_era) + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = (int)day_of_year - (153 * month + 2) / 5 + 1,
		.hour = second / 3600,
		.minute = second / 60 % 60,
		.second = second % 60,
		.weekday = (int)((days % 7 + 11) % 7),
	};
}

/* Second 60 is a leap second, and counts as the first of the next minute. */
static bool is_valid(const struct date *date)
{
	static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year = date->year;
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return date->month >= 1 && date->day >= 1 &&
	       date->day <= days[date->month - 1] + (date->month == 2 && is_leap) &&
	       date->hour <= 23 && date->minute <= 59 && date->second <= 60;
}

/* --- writing ---------------------------------------------------------------- */

static char *put_digits(char *to, int n, int digits)
{
	for (int i = digits - 1; i >= 0; i--, n /= 10)
		to[i] = (char)('0' + n % 10);
	return to + digits;
}

static char *put_time(char *to, const struct date *date)
{
	to = put_digits(to, date->hour, 2);
	*to++ = ':';
	to = put_digits(to, date->minute, 2);
	*to++ = ':';
	return put_digits(to, date->second, 2);
}

static char *put_day_month_year(char *to, const struct date *date, char separator)
{
	to = put_digits(to, date->day, 2);
	*to++ = separator;
	to = str_put(to, (struct str){ month_names[date->month - 1], 3 });
	*to++ = separator;
	return put_digits(to, date->year, 4);
}

char *date_put_http(char *to, time_t seconds)
{
	struct date date = date_of(seconds);

	to = str_put(to, (struct str){ day_names[date.weekday], 3 });
	to = str_put(to, STR(", "));
	to = put_day_month_year(to, &date, ' ');
	*to++ = ' ';
	to = put_time(to, &date);
	return str_put(to, STR(" GMT"));
}

/* The offset of the local time zone, in minutes. */
static int zone_offset(time_t seconds)
{
	struct tm local;

	return localtime_r(&seconds, &local) ? (int)(local.tm_gmtoff / 60) : 0;
}

static char *put_zone(char *to, int offset, struct str separator)
{
	*to++ = offset < 0 ? '-' : '+';
	offset = offset < 0 ? -offset : offset;
	to = put_digits(to, offset / 60, 2);
	to = str_put(to, separator);
	return put_digits(to, offset % 60, 2);
}

char *date_put_log(char *to, time_t seconds)
{
	int offset = zone_offset(seconds);
	struct date date = date_of(seconds + offset * 60);

	to = put_day_month_year(to, &date, '/');
	*to++ = ':';
	to = put_time(to, &date);
	*to++ = ' ';
	return put_zone(to, offset, STR(""));
}

static char *put_iso8601(char *to, const struct date *date)
{
	to = put_digits(to, date->year, 4);
	*to++ = '-';
	to = put_digits(to, date->month, 2);
	*to++ = '-';
	to = put_digits(to, date->day, 2);
	*to++ = 'T';
	return put_time(to, date);
}

char *date_put_iso8601(char *to, time_t seconds)
{
	int offset = zone_offset(seconds);
	struct date date = date_of(seconds + offset * 60);

	return put_zone(put_iso8601(to, &date), offset, STR(":"));
}

char *date_put_utc(char *to, time_t seconds)
{
	struct date date = date_of(seconds);

	return str_put(put_iso8601(to, &date), STR("Z"));
}

/* --- reading ---------------------------------------------------------------- */

/* Each take_…() cuts something off the beginning of *rest, or returns false. */

static bool take(struct str *rest, struct str literal)
{
	if (!str_starts(*rest, literal))
		return false;
	*rest = str_skip(*rest, literal.len);
	return true;
}

static bool take_digits(struct str *rest, size_t digits, int *out)
{
	uint64_t n;

	if (rest->len < digits || str_to_u64(str_head(*rest, digits), 9999, &n) < 0)
		return false;
	*out = (int)n;
	*rest = str_skip(*rest, digits);
	return true;
}

static bool take_month(struct str *rest, int *out)
{
	for (int i = 0; i < 12; i++) {
		*out = i + 1;
		if (take(rest, (struct str){ month_names[i], 3 }))
			return true;
	}
	return false;
}

static bool take_time(struct str *rest, struct date *date)
{
	return take_digits(rest, 2, &date->hour) && take(rest, STR(":")) &&
	       take_digits(rest, 2, &date->minute) && take(rest, STR(":")) &&
	       take_digits(rest, 2, &date->second);
}

/* " 06 Nov 1994 08:49:37 GMT", or with a hyphen as separator " 06-Nov-94 08:49:37 GMT". */
static bool take_day_month_year(struct str rest, struct str separator, struct date *date)
{
	bool is_short = !str_eq(separator, STR(" "));

	if (!take(&rest, STR(" ")) || !take_digits(&rest, 2, &date->day) ||
	    !take(&rest, separator) || !take_month(&rest, &date->month) ||
	    !take(&rest, separator) || !take_digits(&rest, is_short ? 2 : 4, &date->year))
		return false;
	if (is_short)
		date->year += date->year < 70 ? 2000 : 1900;
	return take(&rest, STR(" ")) && take_time(&rest, date) && str_eq(rest, STR(" GMT"));
}

/* " Nov  6 08:49:37 1994"; a day of one digit is padded with a blank. */
static bool take_asctime(struct str rest, struct date *date)
{
	return take(&rest, STR(" ")) && take_month(&rest, &date->month) &&
	       take(&rest, STR(" ")) &&
	       take_digits(&rest, take(&rest, STR(" ")) ? 1 : 2, &date->day) &&
	       take(&rest, STR(" ")) && take_time(&rest, date) && take(&rest, STR(" ")) &&
	       take_digits(&rest, 4, &date->year) && rest.len == 0;
}

/* The three forms differ in what follows the name of the day. */
static bool take_date(struct str text, struct date *date)
{
	for (int i = 0; i < 7; i++) {
		struct str name = str_from(day_names[i]);
		struct str rest = text;

		if (!take(&rest, str_head(name, 3)))
			continue;
		if (take(&rest, STR(",")))
			return take_day_month_year(rest, STR(" "), date);
		if (take(&rest, str_skip(name, 3)))
			return take(&rest, STR(",")) && take_day_month_year(rest, STR("-"), date);
		return take_asctime(rest, date);
	}
	return false;
}

int date_parse_http(struct str text, time_t *seconds)
{
	struct date date = { 0 };

	if (!take_date(text, &date) || !is_valid(&date))
		return -EINVAL;
	*seconds = days_of(date.year, date.month, date.day) * DAY + date.hour * 3600 +
		   date.minute * 60 + date.second;
	return 0;
}
