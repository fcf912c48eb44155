/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files and directories with the authorities that certificates of clients are checked with.
 * Directives name them, and commands of ssl_conf_command can take the place of the directives.
 */
#ifndef SKUA_SSL_AUTHORITIES_H
#define SKUA_SSL_AUTHORITIES_H

#include <conf.h>
#include <openssl/evp.h>

struct ssl_conf;

/*
 * Allows workers to open directories in which OpenSSL looks for authorities in handshakes, and what
 * links there lead to. `list` is the value of a command: paths with colons between them. Returns
 * the list of their full paths; NUL follows.
 */
struct str authorities_use_directories(struct conf_call *call, struct str list);

/*
 * Adds to the digest what the files and directories hold, and the lists of revoked certificates,
 * since that may differ after a reload. A file that cannot be read counts as an empty one.
 */
void authorities_digest(struct conf_call *call, const struct ssl_conf *conf, EVP_MD_CTX *digest);

#endif
