/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The compressor: a helper (<helper.h>) that encodes files at the best level, once for all workers.
 * Its process opens no files and holds the results (results.h); encoding has the lowest priority.
 *
 *     worker ── "br", descriptor of a file ──> compressor ── fork ──> child
 *                                                  │  <── bytes in a memfd, exit status 0 ──
 *                                                  seals the memfd
 *            <── key, length, the memfd ───────────┘   form_key.h
 *
 * A child encodes one file, so that a defect of a library costs only this job. It holds the
 * descriptors of the file and of the result and nothing else, and its time and its output are
 * limited. If several workers ask for the same form, it is made once.
 *
 * After a reload or an upgrade of the program, the compressor passes its results on to the new one.
 *
 * A worker that an attacker controls cannot make other workers send bytes under a file that it
 * cannot open. The compressor does not believe what a worker says about a file: device, inode,
 * size and times, which are the key of the result, are those of the descriptor, and the bytes are
 * read from the same descriptor. The compressor takes them before and after reading and refuses
 * files that changed in the meantime or less than two seconds ago, because the next change might
 * not show in the times. A worker can write to no file that it could ask for (the sandbox allows
 * opening for reading only), except to the memory of memfds that it was given; these are refused.
 * Another worker gets the result only in return for a descriptor of the same file.
 */
#ifndef SKUA_HTTP_CODING_COMPRESSOR_H
#define SKUA_HTTP_CODING_COMPRESSOR_H

#include <conf.h>
#include <helper.h>

/* The directive compress_cache. */
struct compress_cache {
	bool is_on;
	struct size memory; /* limit for all results */
	int64_t results; /* number of results */
	int64_t jobs; /* number of forms that wait to be made */
	struct size input; /* larger files get no form */
	int64_t cpu; /* percent of the time of one CPU */
};

extern const struct helper compressor;

/* The setter of compress_cache, in the module compress. */
int compressor_set(struct conf_call *call);

#endif
