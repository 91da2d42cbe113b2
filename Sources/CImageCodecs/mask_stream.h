// The compressed pixels of a mask's PNG.
#ifndef PAPILLA_MASK_STREAM_H
#define PAPILLA_MASK_STREAM_H

#include "CImageCodecs.h"

// Appends the zlib stream (RFC 1950) of `height` unfiltered rows of `width` bytes, 0 or 255: what an IDAT chunk holds.
// False where there is no memory.
bool papilla_mask_stream(const uint8_t *pixels, uint32_t width, uint32_t height, papilla_bytes *result);

#endif
