/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line of a client of the control socket: it is understood once it is
 * complete, in whatever pieces it came, and never before.
 */
#include <assert.h>

#include "process/master/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	enum control_command command, again;

	if (size > CONTROL_REQUEST_MAX)
		size = CONTROL_REQUEST_MAX;
	int result = control_parse((struct str){ text, size }, &command);
	if (result == 1) {
		assert(text[size - 1] == '\n');
		assert(control_parse((struct str){ text, size }, &again) == 1 && again == command);
	}
	/* More never helps a line that is wrong already. */
	for (size_t part = 0; part < size; part++)
		if (control_parse((struct str){ text, part }, &again) != 0)
			assert(result != 1);
	return 0;
}
