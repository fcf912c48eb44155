/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/qr.h"

#include <config.h>
#include <stddef.h>
#include <text.h>

#ifdef HAVE_QRENCODE

#include <qrencode.h>

/* Light modules around the code. The standard wants 4; on a screen 2 are enough. */
enum { MARGIN = 2 };

static bool is_dark(const QRcode *code, int x, int y)
{
	x -= MARGIN;
	y -= MARGIN;
	return x >= 0 && y >= 0 && x < code->width && y < code->width &&
	       (code->data[y * code->width + x] & 1);
}

bool qr_add(struct text *text, const char *url)
{
	QRcode *code = QRcode_encodeString8bit(url, 0, QR_ECLEVEL_L);

	if (!code)
		return false;
	int size = code->width + 2 * MARGIN;
	for (int y = 0; y < size; y += 2) {
		text_add(text, STR("    \033[30;107m"));
		for (int x = 0; x < size; x++) {
			bool upper = is_dark(code, x, y), lower = is_dark(code, x, y + 1);

			text_add(text, upper && lower ? STR("\u2588") :
				       upper	      ? STR("\u2580") :
				       lower	      ? STR("\u2584") :
							STR(" "));
		}
		text_add(text, STR("\033[0m\n"));
	}
	QRcode_free(code);
	return true;
}

#else

bool qr_add(struct text *text, const char *url)
{
	(void)text, (void)url;
	return false;
}

#endif
