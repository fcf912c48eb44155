/* SPDX-License-Identifier: BSD-2-Clause */
#include "tls_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness/memory.h"
#include "harness/test.h"

/* --- certificates --- */

static struct identity create(const char *name, const char *algorithm,
			      const struct identity *issuer, bool is_authority)
{
	bool is_weak = strcmp(algorithm, "RSA-1024") == 0;
	bool is_rsa = is_weak || strcmp(algorithm, "RSA") == 0;
	struct identity made = {
		is_rsa ? EVP_RSA_gen(is_weak ? 1024 : 2048) : EVP_EC_gen("P-256"),
		X509_new(),
	};
	X509_NAME *subject = X509_get_subject_name(made.certificate);
	static long serial;

	ck_assert_ptr_nonnull(made.key);
	X509_set_version(made.certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(made.certificate), -3600);
	X509_gmtime_adj(X509_getm_notAfter(made.certificate), 86400);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
				   0);
	X509_set_issuer_name(made.certificate,
			     issuer ? X509_get_subject_name(issuer->certificate) : subject);
	X509_set_pubkey(made.certificate, made.key);
	if (is_authority) {
		X509_EXTENSION *authority =
			X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");

		X509_add_ext(made.certificate, authority, -1);
		X509_EXTENSION_free(authority);
	}
	ck_assert(X509_sign(made.certificate, issuer ? issuer->key : made.key, EVP_sha256()) > 0);
	return made;
}

struct identity identity_create(const char *name, const char *algorithm,
				const struct identity *issuer)
{
	return create(name, algorithm, issuer, !issuer);
}

struct identity authority_create(const char *name, const struct identity *issuer)
{
	return create(name, "EC", issuer, true);
}

void identity_destroy(struct identity *identity)
{
	EVP_PKEY_free(identity->key);
	X509_free(identity->certificate);
}

static FILE *create_file(const char *dir, const char *name, const char *suffix)
{
	FILE *file = fopen(memory_printf("%s/%s.%s", dir, name, suffix), "w");

	ck_assert_ptr_nonnull(file);
	return file;
}

void identity_put(const struct identity *identity, const char *dir, const char *name)
{
	FILE *file = create_file(dir, name, "pem");

	PEM_write_X509(file, identity->certificate);
	fclose(file);
	file = create_file(dir, name, "key");
	PEM_write_PrivateKey(file, identity->key, NULL, NULL, 0, NULL, NULL);
	fclose(file);
}

const char *pem_of(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes;

	PEM_write_bio_X509(bio, certificate);

	long len = BIO_get_mem_data(bio, &bytes);
	const char *text = memory_printf("%.*s", (int)len, bytes);

	BIO_free(bio);
	return text;
}

/* --- a client --- */

static void key_logged(const SSL *ssl, const char *line)
{
	struct tls *tls = SSL_get_app_data(ssl);
	const char *hex = strrchr(line, ' ') + 1;
	uint8_t *to = strncmp(line, "CLIENT_TRAFFIC_SECRET_0", 23) == 0 ? tls->client_secret :
		      strncmp(line, "SERVER_TRAFFIC_SECRET_0", 23) == 0 ? tls->server_secret :
									  NULL;

	for (size_t i = 0; to && hex[2 * i] && i < RECORD_SECRET_MAX; i++)
		to[i] = (uint8_t)strtoul((char[]){ hex[2 * i], hex[2 * i + 1], 0 }, NULL, 16);
}

static int connect_to(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct timeval limit = { .tv_sec = test_seconds() };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void send_early_data(SSL *ssl, const char *text)
{
	size_t sent;

	/* The session of a server that permits none would not be used for it. */
	SSL_SESSION_set_max_early_data(SSL_get_session(ssl), 1000);
	ck_assert_int_eq(SSL_write_early_data(ssl, text, strlen(text), &sent), 1);
}

struct tls *tls_open(struct server *server, const struct tls_setup *setup)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	struct tls *tls = memory_alloc(sizeof(*tls));

	*tls = (struct tls){ .fd = connect_to(server->ports[setup->port]) };
	SSL_CTX_set_keylog_callback(context, key_logged);
	if (setup->version) {
		SSL_CTX_set_min_proto_version(context, setup->version);
		SSL_CTX_set_max_proto_version(context, setup->version);
	}
	if (setup->suite)
		ck_assert_int_eq(SSL_CTX_set_ciphersuites(context, setup->suite), 1);
	if (setup->groups)
		ck_assert_int_eq(SSL_CTX_set1_groups_list(context, setup->groups), 1);
	if (setup->signatures)
		ck_assert_int_eq(SSL_CTX_set1_sigalgs_list(context, setup->signatures), 1);
	if (setup->identity) {
		SSL_CTX_use_certificate(context, setup->identity->certificate);
		SSL_CTX_use_PrivateKey(context, setup->identity->key);
	}
	for (int i = 0; i < 2 && setup->issuers[i]; i++)
		SSL_CTX_add1_chain_cert(context, setup->issuers[i]->certificate);
	if (setup->midway)
		SSL_CTX_set_cert_verify_callback(context, setup->midway, server);
	tls->ssl = SSL_new(context);
	SSL_CTX_free(context);
	SSL_set_app_data(tls->ssl, tls);
	SSL_set_fd(tls->ssl, tls->fd);
	if (setup->name)
		SSL_set_tlsext_host_name(tls->ssl, setup->name);
	if (setup->protocols)
		SSL_set_alpn_protos(tls->ssl, (const unsigned char *)setup->protocols,
				    (unsigned)strlen(setup->protocols));
	if (setup->wants_staple)
		SSL_set_tlsext_status_type(tls->ssl, TLSEXT_STATUSTYPE_ocsp);
	if (setup->session)
		SSL_set_session(tls->ssl, setup->session);
	if (setup->fragment)
		SSL_set_max_send_fragment(tls->ssl, setup->fragment);
	if (setup->max_fragment)
		ck_assert_int_eq(SSL_set_tlsext_max_fragment_length(tls->ssl, setup->max_fragment),
				 1);
	if (setup->early_data)
		send_early_data(tls->ssl, setup->early_data);
	tls->failed = SSL_connect(tls->ssl) != 1;
	return tls;
}

void tls_close(struct tls *tls)
{
	/* Otherwise OpenSSL would not resume its session again. */
	SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN);
	SSL_free(tls->ssl);
	close(tls->fd);
}

void tls_send(struct tls *tls, const char *text)
{
	ck_assert_int_eq(SSL_write(tls->ssl, text, (int)strlen(text)), (int)strlen(text));
}

/* Reads until `bytes` holds so many. False: the connection ends before. */
static bool read_up_to(struct tls *tls, char *bytes, size_t *len, size_t wanted)
{
	while (*len < wanted) {
		int n = SSL_read(tls->ssl, bytes + *len, (int)(wanted - *len));

		if (n <= 0)
			return false;
		*len += (size_t)n;
	}
	return true;
}

struct reply tls_reply(struct tls *tls)
{
	struct reply reply = { .status = 0 };
	char *head = memory_alloc(64 * 1024);
	size_t len = 0;

	for (;;) {
		head[len] = '\0';
		if (strstr(head, "\r\n\r\n"))
			break;
		if (len == 64 * 1024 - 1 || !read_up_to(tls, head, &len, len + 1))
			return reply;
	}
	reply.head = head;
	ck_assert_int_eq(sscanf(head, "HTTP/1.1 %d", &reply.status), 1);

	const char *length = reply_header(&reply, "Content-Length");

	if (!length)
		return reply;
	reply.body_len = strtoul(length, NULL, 10);

	char *body = memory_alloc(reply.body_len + 1);

	len = 0;
	reply.is_whole = read_up_to(tls, body, &len, reply.body_len);
	body[len] = '\0';
	reply.body = body;
	return reply;
}

struct reply tls_get(struct tls *tls, const char *target)
{
	tls_send(tls, memory_printf("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target));
	return tls_reply(tls);
}

bool tls_ends_orderly(struct tls *tls)
{
	char byte;
	int n = SSL_read(tls->ssl, &byte, 1);

	return n <= 0 && SSL_get_error(tls->ssl, n) == SSL_ERROR_ZERO_RETURN;
}

/* --- records --- */

struct record_client record_client(struct tls *tls)
{
	struct record_client client = { .fd = tls->fd };

	client.suite = record_suite((uint16_t)SSL_CIPHER_get_protocol_id(
		SSL_get_current_cipher(tls->ssl)));
	ck_assert_ptr_nonnull(client.suite);
	ck_assert_int_eq(record_key_init(&client.out, client.suite, tls->client_secret, 0), 0);
	ck_assert_int_eq(record_key_init(&client.in, client.suite, tls->server_secret, 0), 0);
	return client;
}

void record_client_send(struct record_client *client, enum record_type type, const void *bytes,
			size_t len)
{
	static uint8_t record[RECORD_MAX];
	const struct iovec iov = { (void *)bytes, len };
	ssize_t n = record_seal(client->suite, &client->out, type, &iov, 1, record);

	(void)!send(client->fd, record, (size_t)n, MSG_NOSIGNAL);
}

static bool read_exactly(int fd, uint8_t *bytes, size_t len)
{
	return recv(fd, bytes, len, MSG_WAITALL) == (ssize_t)len;
}

int record_client_alert(struct record_client *client)
{
	static uint8_t record[RECORD_MAX];
	enum record_type type;
	uint8_t *plain;

	while (read_exactly(client->fd, record, RECORD_HEAD)) {
		size_t len = (size_t)(record[3] << 8 | record[4]);

		ck_assert_uint_le(len, RECORD_BODY_MAX);
		if (!read_exactly(client->fd, record + RECORD_HEAD, len))
			return -1;

		ssize_t n = record_open(client->suite, &client->in, record, RECORD_HEAD + len,
					&plain, &type);

		ck_assert_int_ge(n, 0);
		if (type == RECORD_ALERT) {
			ck_assert_int_eq(n, 2);
			return plain[1];
		}
	}
	return -1;
}

const char *output_of(struct server *server, const char *command)
{
	char *text = memory_alloc(1 << 20);
	FILE *from = popen(memory_printf("( %s ) 2>&1", server_text(server, command)), "r");

	ck_assert_ptr_nonnull(from);
	text[fread(text, 1, (1 << 20) - 1, from)] = '\0';
	pclose(from);
	return text;
}
