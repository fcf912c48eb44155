/* SPDX-License-Identifier: BSD-2-Clause */
/* What the targets for TLS share: a server in the process, whose loop has to come to rest. */
#ifndef FUZZ_TLS_H
#define FUZZ_TLS_H

#include "fuzz/serve.h"
#include "unit/tls_peer.h"

static const char configuration[] =
	"http { access_log off; client_max_body_size 10k; large_client_header_buffers 2 2k;\n"
	"  server { " TLS_PEER_SERVER " return 200 ok; } }\n";

static void settle(void)
{
	enum { TURNS = 200 };

	for (int turns = 0; loop_turn(0); turns++)
		assert(turns < TURNS);
}

/* Whatever has come: the connection ends by its deadline. */
static void finish(struct tls_peer *peer)
{
	settle();
	for (int i = 0; i < 10 && conns.active; i++) {
		pass(3600 * 1000);
		settle();
	}
	assert(conns.active == 0);
	close(peer->fd);
}

#endif
