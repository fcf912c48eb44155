/* SPDX-License-Identifier: BSD-2-Clause */
#include "header.h"

#include <string.h>

enum {
	V1_MAX = 107, /* bytes of a line with its CR LF; section 2.1 */
	V2_HEAD = 16, /* signature, version and command, family, length */
	V2_PROXY = 1, /* the command; 0 is LOCAL */
	V2_STREAM = 1, /* the transport; 0 is unspecified, 2 are datagrams */
};

/* The families of version 2, with the bytes of an address. */
enum { V2_UNSPEC, V2_INET, V2_INET6, V2_UNIX };

static const unsigned char signature[12] = { '\r', '\n', '\r', '\n', 0x00, '\r',
					     '\n', 'Q',	 'U',  'I',  'T',  '\n' };

static enum preface_verdict refuse(const char **why, const char *text)
{
	*why = text;
	return PREFACE_REFUSED;
}

/* Whether the bytes received so far are the beginning of `whole`, or begin with it. */
static bool agrees(struct str bytes, struct str whole)
{
	size_t len = bytes.len < whole.len ? bytes.len : whole.len;

	return memcmp(bytes.data, whole.data, len) == 0;
}

/* --- version 1 --------------------------------------------------------------------- */

static bool parse_ip(struct str text, size_t len, struct ip *out)
{
	return ip_parse(text, out) && out->len == len;
}

static bool parse_port(struct str text, int *out)
{
	uint64_t port;

	if (str_to_u64(text, 65535, &port) < 0)
		return false;
	*out = (int)port;
	return true;
}

/* Parses "TCP4 192.0.2.1 192.0.2.2 4321 80", or "UNKNOWN" followed by anything. */
static enum preface_verdict parse_line(struct str line, struct proxy_header *out,
				       const char **why)
{
	struct str family = str_split(&line, ' ');

	if (str_eq(family, STR("UNKNOWN")))
		return PREFACE_DONE;
	if (!str_eq(family, STR("TCP4")) && !str_eq(family, STR("TCP6")))
		return refuse(why, "its protocol is neither TCP4 nor TCP6 nor UNKNOWN");

	size_t len = str_eq(family, STR("TCP4")) ? 4 : 16;

	if (!parse_ip(str_split(&line, ' '), len, &out->source) ||
	    !parse_ip(str_split(&line, ' '), len, &out->destination))
		return refuse(why, "an address is missing or does not fit its protocol");
	if (!parse_port(str_split(&line, ' '), &out->source_port) ||
	    !parse_port(line, &out->destination_port))
		return refuse(why, "a port is missing or not a number up to 65535");
	out->has_addresses = true;
	return PREFACE_DONE;
}

static enum preface_verdict parse_v1(struct str bytes, struct proxy_header *out, size_t *len,
				     const char **why)
{
	ssize_t end = str_chr(bytes, '\r');
	size_t line_len = end < 0 ? bytes.len : (size_t)end;

	if (line_len > V1_MAX - 2)
		return refuse(why, "its line is longer than 107 bytes");
	if (line_len + 2 > bytes.len)
		return PREFACE_MORE;
	if (bytes.data[line_len + 1] != '\n')
		return refuse(why, "its line does not end in CR LF");
	*len = line_len + 2;
	return parse_line(str_skip(str_head(bytes, line_len), 6), out, why);
}

/* --- version 2 --------------------------------------------------------------------- */

static unsigned number16(const char *at)
{
	return (unsigned)(unsigned char)at[0] << 8 | (unsigned char)at[1];
}

/* The block has the source, the destination and their ports; the TLVs follow. */
static enum preface_verdict parse_addresses(struct str block, size_t len, struct proxy_header *out,
					    const char **why)
{
	const char *ports = block.data + 2 * len;

	if (block.len < 2 * len + 4)
		return refuse(why, "its length is too small to hold its addresses");
	out->source.len = out->destination.len = len;
	memcpy(out->source.bytes, block.data, len);
	memcpy(out->destination.bytes, block.data + len, len);
	out->source_port = (int)number16(ports);
	out->destination_port = (int)number16(ports + 2);
	out->tlvs = str_skip(block, 2 * len + 4);
	out->has_addresses = true;
	return PREFACE_DONE;
}

/*
 * The bytes begin with the signature. Values that the specification does not assign are refused,
 * as it demands.
 */
static enum preface_verdict parse_v2(struct str bytes, struct proxy_header *out, size_t *len,
				     const char **why)
{
	unsigned command = bytes.len > 12 ? (unsigned char)bytes.data[12] : 0x20;
	unsigned family = bytes.len > 13 ? (unsigned char)bytes.data[13] : 0;

	if (command >> 4 != 2)
		return refuse(why, "its version is neither 1 nor 2");
	if ((command & 0x0F) > V2_PROXY)
		return refuse(why, "its command is neither LOCAL nor PROXY");
	if (family >> 4 > V2_UNIX || (family & 0x0F) > 2)
		return refuse(why, "its family or transport is unknown");
	if (bytes.len < V2_HEAD)
		return PREFACE_MORE;
	*len = V2_HEAD + number16(bytes.data + 14);
	if (*len > PREFACE_MAX)
		return refuse(why, "it is longer than 4096 bytes");
	if (bytes.len < *len)
		return PREFACE_MORE;

	struct str block = str_skip(str_head(bytes, *len), V2_HEAD);

	if ((command & 0x0F) != V2_PROXY || (family & 0x0F) != V2_STREAM)
		return PREFACE_DONE;
	if (family >> 4 == V2_INET)
		return parse_addresses(block, 4, out, why);
	if (family >> 4 == V2_INET6)
		return parse_addresses(block, 16, out, why);
	return PREFACE_DONE;
}

enum preface_verdict proxy_header_parse(struct str bytes, struct proxy_header *out, size_t *len,
					const char **why)
{
	const struct str v1 = STR("PROXY "), v2 = { (const char *)signature, sizeof(signature) };

	*out = (struct proxy_header){ 0 };
	if (agrees(bytes, v1))
		return bytes.len < v1.len ? PREFACE_MORE : parse_v1(bytes, out, len, why);
	if (agrees(bytes, v2))
		return bytes.len < v2.len ? PREFACE_MORE : parse_v2(bytes, out, len, why);
	return refuse(why, "it is missing");
}

/* --- TLVs ---------------------------------------------------------------------------- */

bool tlv_find(struct str tlvs, unsigned type, struct str *value)
{
	while (tlvs.len >= 3) {
		size_t len = number16(tlvs.data + 1);

		if (len > tlvs.len - 3)
			return false;
		*value = (struct str){ tlvs.data + 3, len };
		if ((unsigned char)tlvs.data[0] == type)
			return true;
		tlvs = str_skip(tlvs, 3 + len);
	}
	return false;
}

bool tlv_ssl_split(struct str value, uint32_t *verify, struct str *tlvs)
{
	/* One byte has flags; the next four say whether the certificate was verified. */
	if (value.len < 5)
		return false;
	*verify = (uint32_t)number16(value.data + 1) << 16 | number16(value.data + 3);
	*tlvs = str_skip(value, 5);
	return true;
}
