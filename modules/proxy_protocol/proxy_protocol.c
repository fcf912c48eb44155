/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The header of the PROXY protocol, which a load balancer sends at the beginning of a connection
 * to report the address of the client:
 *
 *     listen 80 proxy_protocol;
 *
 * This module reads the header and provides variables with its parts. The module realip decides
 * whether the address in the header becomes the client's address.
 */
#include <module.h>

#include "header.h"

static enum preface_verdict read_header(struct str bytes, size_t *len, const char **why)
{
	struct proxy_header header;

	return proxy_header_parse(bytes, &header, len, why);
}

static const struct preface proxy_preface = { "the PROXY header", read_header };

/* Parses the header of the connection. False: there is none, or it has no addresses. */
static bool header_of(const struct request *req, struct proxy_header *out)
{
	struct str preface = request_preface(req);
	const char *why;
	size_t len;

	return !str_empty(preface) &&
	       proxy_header_parse(preface, out, &len, &why) == PREFACE_DONE && out->has_addresses;
}

static bool give_address(struct request *req, const struct ip *ip, struct str *out)
{
	*out = ip_text(req->pool, ip_bytes(ip));
	return true;
}

static bool give_number(struct request *req, uint64_t number, struct str *out)
{
	char *text = pool_alloc(req->pool, 20);

	*out = str_range(text, str_put_u64(text, number));
	return true;
}

/* As in nginx, port 0 gives an empty value. */
static bool give_port(struct request *req, int port, struct str *out)
{
	*out = STR("");
	return port == 0 || give_number(req, (uint64_t)port, out);
}

static bool get_addr(struct request *req, struct str rest, const void *conf, struct str *out)
{
	struct proxy_header header;

	(void)rest, (void)conf;
	return header_of(req, &header) && give_address(req, &header.source, out);
}

static bool get_port(struct request *req, struct str rest, const void *conf, struct str *out)
{
	struct proxy_header header;

	(void)rest, (void)conf;
	return header_of(req, &header) && give_port(req, header.source_port, out);
}

static bool get_server_addr(struct request *req, struct str rest, const void *conf,
			    struct str *out)
{
	struct proxy_header header;

	(void)rest, (void)conf;
	return header_of(req, &header) && give_address(req, &header.destination, out);
}

static bool get_server_port(struct request *req, struct str rest, const void *conf,
			    struct str *out)
{
	struct proxy_header header;

	(void)rest, (void)conf;
	return header_of(req, &header) && give_port(req, header.destination_port, out);
}

/* --- TLVs ---------------------------------------------------------------------------- */

struct tlv_name {
	const char *name;
	unsigned type;
};

static const struct tlv_name tlv_names[] = {
	{ "alpn", TLV_ALPN }, { "authority", TLV_AUTHORITY }, { "unique_id", TLV_UNIQUE_ID },
	{ "ssl", TLV_SSL },   { "netns", TLV_NETNS },	      { 0 },
};

static const struct tlv_name ssl_names[] = {
	{ "version", TLV_SSL_VERSION }, { "cn", TLV_SSL_CN },
	{ "cipher", TLV_SSL_CIPHER },	{ "sig_alg", TLV_SSL_SIG_ALG },
	{ "key_alg", TLV_SSL_KEY_ALG }, { 0 },
};

/*
 * Parses the hexadecimal digits of a type such as "0xea". -1: they are not the number of one byte.
 */
static int hex_type(struct str digits)
{
	int type = 0;

	if (digits.len < 1 || digits.len > 2)
		return -1;
	for (size_t i = 0; i < digits.len; i++) {
		int digit = hex_digit(digits.data[i]);

		if (digit < 0)
			return -1;
		type = type * 16 + digit;
	}
	return type;
}

/* The type of a name, or -1. */
static int type_of(const struct tlv_name *names, struct str name)
{
	if (str_starts(name, STR("0x")))
		return hex_type(str_skip(name, 2));
	for (; names->name; names++)
		if (str_eq(name, str_from(names->name)))
			return (int)names->type;
	return -1;
}

/*
 * `rest` is the part of the name after the prefix, in lower case: $proxy_protocol_tlv_ssl_cn has
 * the rest "ssl_cn".
 */
static bool get_tlv(struct request *req, struct str rest, const void *conf, struct str *out)
{
	bool is_ssl = str_starts(rest, STR("ssl_"));
	struct str name = is_ssl ? str_skip(rest, 4) : rest;
	bool is_verify = is_ssl && str_eq(name, STR("verify"));
	int type = is_verify ? 0 : type_of(is_ssl ? ssl_names : tlv_names, name);
	struct proxy_header header;
	struct str ssl, tlvs;
	uint32_t verify;

	(void)conf;
	if (type < 0) {
		request_log(req, LEVEL_ERROR, 0,
			    "there is no value of the PROXY header that is called \"%.*s\"",
			    STR_ARG(rest));
		return false;
	}
	if (!header_of(req, &header))
		return false;
	if (!is_ssl)
		return tlv_find(header.tlvs, (unsigned)type, out);
	if (!tlv_find(header.tlvs, TLV_SSL, &ssl) || !tlv_ssl_split(ssl, &verify, &tlvs))
		return false;
	return is_verify ? give_number(req, verify, out) : tlv_find(tlvs, (unsigned)type, out);
}

const struct module proxy_protocol_module = {
	.name = "proxy_protocol",
	.summary = "reads the header of the PROXY protocol, which load balancers send",
	.listen_parameters = (const struct listen_parameter[]) {
		{ "proxy_protocol", &proxy_preface,
		  "each connection begins with a header of the PROXY protocol, version 1 or 2, "
		  "as load balancers send it. A connection without one is closed. The contents "
		  "of the header are in variables; with real_ip_header the address in it becomes "
		  "the client's address" },
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "proxy_protocol_addr", get_addr,
		  "The client's address in the PROXY header of the connection. No value if the "
		  "connection has no such header, or if the header has no addresses.\n\n"
		  "    set_real_ip_from 10.0.0.0/8;\n"
		  "    real_ip_header   proxy_protocol;\n"
		  "    add_header       X-Client $proxy_protocol_addr;",
		  VARIABLE_PLAIN },
		{ "proxy_protocol_port", get_port, "The client's port in the PROXY header.\n\n"
		  "    log_format balanced \"$proxy_protocol_addr:$proxy_protocol_port\";",
		  VARIABLE_PLAIN },
		{ "proxy_protocol_server_addr", get_server_addr,
		  "The address that the client connected to, as the PROXY header says.\n\n"
		  "    log_format asked \"$proxy_protocol_server_addr\";",
		  VARIABLE_PLAIN },
		{ "proxy_protocol_server_port", get_server_port,
		  "The port that the client connected to, as the PROXY header says.\n\n"
		  "    log_format asked \"$proxy_protocol_server_port\";",
		  VARIABLE_PLAIN },
		{ "proxy_protocol_tlv_", get_tlv,
		  "An additional value (TLV) of a PROXY header of version 2: alpn, authority, "
		  "unique_id, netns, ssl; ssl_version, ssl_cn, ssl_cipher, ssl_sig_alg, "
		  "ssl_key_alg, ssl_verify (0: the client's certificate was verified); or any "
		  "type as a hexadecimal number: $proxy_protocol_tlv_0xea, "
		  "$proxy_protocol_tlv_ssl_0x21.\n\n"
		  "    log_format names \"$proxy_protocol_tlv_authority\";",
		  VARIABLE_PREFIX },
		{ 0 }
	},
};
