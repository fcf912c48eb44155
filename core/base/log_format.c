/* SPDX-License-Identifier: BSD-2-Clause */
/* Goes over the format once, and writes each conversion at its place. */
#include "base/log_format.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <str.h>

#define ESCAPE_LEN 4 /* of \xNN */

static const char upper_digits[] = "0123456789ABCDEF";

enum length { INT, LONG, LONG_LONG, SIZE, INTMAX };

struct conversion {
	char flags[8];
	int width;
	int precision; /* -1: none was given */
	enum length length;
	char type;
};

/* A va_list that functions can share. */
struct arguments {
	va_list args;
};

struct sink {
	char *at, *limit;
	bool is_quoted; /* the format has had an odd number of quotes so far */
};

static void put_text(struct sink *out, struct str text)
{
	out->at = str_put(out->at, str_head(text, (size_t)(out->limit - out->at)));
}

/* How many bytes at the beginning may be written as they are. */
static size_t plain_bytes(struct str text, bool is_quoted)
{
	size_t len = 0;

	for (; len < text.len; len++) {
		unsigned char byte = (unsigned char)text.data[len];

		if (byte < 0x20 || byte > 0x7e || (byte == '"' && is_quoted))
			break;
	}
	if (len || str_empty(text))
		return len;
	/* U+0080 to U+009F are control characters, too. */
	bool is_control = text.len > 1 && text.data[0] == '\xc2' && text.data[1] < '\xa0';
	return (unsigned char)text.data[0] < 0x80 || is_control ? 0 : str_utf8(text);
}

/* Three bytes of the room are kept for the dots. */
static void put_value(struct sink *out, struct str value)
{
	static const struct str dots = STR_INIT("...");
	size_t room = (size_t)(out->limit - out->at);

	if (out->is_quoted && room > LOG_VALUE_MAX)
		room = LOG_VALUE_MAX;
	room = room > dots.len ? room - dots.len : 0;
	while (value.len) {
		struct str plain = str_head(value, plain_bytes(value, out->is_quoted));
		size_t len = plain.len ? plain.len : ESCAPE_LEN;

		if (len > room) {
			/* A run of ASCII may be cut anywhere, a character of several bytes not. */
			put_text(out, str_head(plain, plain.len > 4 ? room : 0));
			put_text(out, dots);
			return;
		}
		if (plain.len) {
			out->at = str_put(out->at, plain);
		} else {
			unsigned char byte = (unsigned char)value.data[0];

			out->at = str_put(out->at, STR("\\x"));
			*out->at++ = upper_digits[byte >> 4];
			*out->at++ = upper_digits[byte & 15];
		}
		room -= len;
		value = str_skip(value, plain.len ? plain.len : 1);
	}
}

static int64_t next_signed(struct arguments *from, enum length length)
{
	switch (length) {
	case LONG:
		return va_arg(from->args, long);
	case LONG_LONG:
		return va_arg(from->args, long long);
	case SIZE:
		return va_arg(from->args, ssize_t);
	case INTMAX:
		return va_arg(from->args, intmax_t);
	case INT:
		break;
	}
	return va_arg(from->args, int);
}

static uint64_t next_unsigned(struct arguments *from, enum length length)
{
	switch (length) {
	case LONG:
		return va_arg(from->args, unsigned long);
	case LONG_LONG:
		return va_arg(from->args, unsigned long long);
	case SIZE:
		return va_arg(from->args, size_t);
	case INTMAX:
		return va_arg(from->args, uintmax_t);
	case INT:
		break;
	}
	return va_arg(from->args, unsigned);
}

static void put_integer(struct sink *out, const struct conversion *conversion, bool is_negative,
			uint64_t number)
{
	char text[128], *end = text + sizeof(text);
	bool is_left = strchr(conversion->flags, '-');
	bool is_zeroed = !is_left && strchr(conversion->flags, '0');
	unsigned base = conversion->type == 'o' ? 8 : strchr("xXp", conversion->type) ? 16 : 10;
	char *begin = end;
	const char *digits = conversion->type == 'X' ? upper_digits : "0123456789abcdef";
	int width = conversion->width < 64 ? conversion->width : 64;

	do
		*--begin = digits[number % base];
	while (number /= base);
	while (is_zeroed && end - begin < width - is_negative)
		*--begin = '0';
	if (is_negative)
		*--begin = '-';
	while (!is_left && end - begin < width)
		*--begin = ' ';
	put_text(out, str_range(begin, end));
	for (ptrdiff_t len = end - begin; len < width; len++)
		put_text(out, STR(" "));
}

static void put_next(struct sink *out, const struct conversion *conversion, struct arguments *from)
{
	int64_t number;
	const char *string;
	size_t max;
	char byte, text[512];
	int len;

	switch (conversion->type) {
	case 's':
		string = va_arg(from->args, const char *);
		if (!string)
			string = "(null)";
		max = conversion->precision < 0 ? SIZE_MAX : (size_t)conversion->precision;
		put_value(out, (struct str){ string, strnlen(string, max) });
		return;
	case 'd':
	case 'i':
		number = next_signed(from, conversion->length);
		put_integer(out, conversion, number < 0,
			    number < 0 ? -(uint64_t)number : (uint64_t)number);
		return;
	case 'u':
	case 'o':
	case 'x':
	case 'X':
		put_integer(out, conversion, false, next_unsigned(from, conversion->length));
		return;
	case 'c':
		byte = (char)va_arg(from->args, int);
		put_value(out, (struct str){ &byte, 1 });
		return;
	case 'p':
		put_text(out, STR("0x"));
		put_integer(out, conversion, false, (uintptr_t)va_arg(from->args, void *));
		return;
	case 'f':
		len = snprintf(text, sizeof(text), "%.*f", conversion->precision,
			       va_arg(from->args, double));
		put_text(out, (struct str){ text, len < (int)sizeof(text) ? (size_t)len : 0 });
		return;
	default:
		assert(!"a conversion that messages do not have");
	}
}

/* A number in the format, or '*'. */
static const char *parse_number(const char *format, int *number, struct arguments *from)
{
	*number = 0;
	if (*format == '*') {
		*number = va_arg(from->args, int);
		return format + 1;
	}
	for (; *format >= '0' && *format <= '9'; format++)
		*number = *number * 10 + (*format - '0');
	return format;
}

static const char *parse_length(const char *format, enum length *length)
{
	*length = INT;
	for (;; format++) {
		if (*format == 'l')
			*length = *length == LONG ? LONG_LONG : LONG;
		else if (*format == 'z' || *format == 't')
			*length = SIZE;
		else if (*format == 'j')
			*length = INTMAX;
		else if (*format != 'h') /* which va_arg() gives as an int */
			return format;
	}
}

/* `format` is behind the '%'; returns what follows the conversion. */
static const char *parse(const char *format, struct conversion *conversion, struct arguments *from)
{
	size_t flags = strspn(format, "-+ #0");

	*conversion = (struct conversion){ .precision = -1 };
	if (flags < sizeof(conversion->flags))
		memcpy(conversion->flags, format, flags);
	format = parse_number(format + flags, &conversion->width, from);
	if (*format == '.')
		format = parse_number(format + 1, &conversion->precision, from);
	format = parse_length(format, &conversion->length);
	conversion->type = *format;
	return *format ? format + 1 : format;
}

size_t log_vformat(char *to, size_t size, const char *format, va_list args)
{
	struct sink out = { .at = to, .limit = to + size - 1 };
	struct conversion conversion;
	struct arguments from;

	va_copy(from.args, args);
	for (;;) {
		size_t len = strcspn(format, "%");

		put_text(&out, (struct str){ format, len });
		for (size_t i = 0; i < len; i++)
			out.is_quoted ^= format[i] == '"';
		format += len;
		if (!*format)
			break;
		if (format[1] == '%') {
			put_text(&out, STR("%"));
			format += 2;
			continue;
		}
		format = parse(format + 1, &conversion, &from);
		put_next(&out, &conversion, &from);
	}
	va_end(from.args);
	*out.at = '\0';
	return (size_t)(out.at - to);
}

size_t log_format(char *to, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	size_t len = log_vformat(to, size, format, args);
	va_end(args);
	return len;
}
