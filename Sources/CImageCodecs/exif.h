// The one word of EXIF that changes pixels.
#ifndef PAPILLA_EXIF_H
#define PAPILLA_EXIF_H

#include <stddef.h>
#include <stdint.h>

// The orientation (1 to 8) in a TIFF block as EXIF embeds it; 1 where there is none or it makes no sense. Never reads past `count`.
int papilla_exif_orientation(const uint8_t *tiff, size_t count);

#endif
