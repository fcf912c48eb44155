/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What workers and the compressor (compressor.h) send to each other.
 *
 *     question   the name of a coding, with the descriptor of a file
 *                or FORM_USED and a key: this form is in use
 *     answer     struct form_answer, with the descriptor of a sealed memfd
 *
 * The compressor makes the key itself, from the descriptor that it is given. A worker takes an
 * answer only if its key is that of the file version for which it has asked.
 */
#ifndef SKUA_HTTP_CODING_FORM_KEY_H
#define SKUA_HTTP_CODING_FORM_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "file/stamp.h"
#include "http/coding/coding.h"

/* Identifies the bytes of an encoded form. Unused bytes are zero, so keys are equal as memory. */
struct form_key {
	uint64_t device, inode, size;
	int64_t modified_s, modified_ns, changed_s, changed_ns;
	uint64_t level;
	char coding[16]; /* its name */
	char version[8]; /* of its library: struct coding_entry */
};

struct form_answer {
	struct form_key key;
	uint64_t length; /* of the encoded form in bytes */
};

/* The first byte of the question that says that the form of the key after it is in use. */
#define FORM_USED '='

/* The key of the form of this file version that the compressor makes: at the best level. */
struct form_key form_key_make(const struct file_stamp *stamp, const struct coding_entry *entry);

bool form_key_equal(const struct form_key *a, const struct form_key *b);

/* The seals of a memfd with a form: nobody can change it any more. */
extern const int form_seals;

/*
 * Whether the descriptor is a memfd with the form of this answer, which nobody can change any more:
 * checks the seals and the length.
 */
bool form_is_sound(const struct form_answer *answer, int fd);

/*
 * Maps the form in the memfd of an answer, as memory that nobody can change, if form_is_sound() and
 * the key is the expected one. 0 and *out, which munmap(2) ends; -ESTALE: the form is of another
 * version of the file, which has changed since it was asked for; -EBADMSG: the answer is not what
 * it must be; or -errno. The descriptor stays open.
 */
int form_map(const struct form_key *expected, struct str payload, int fd, struct str *out);

#endif
