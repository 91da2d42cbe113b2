// The one word of EXIF and XMP that changes pixels.
#ifndef PAPILLA_EXIF_H
#define PAPILLA_EXIF_H

#include <stddef.h>
#include <stdint.h>

// The orientation (1 to 8) in a TIFF block as EXIF embeds it; 0 where none is understood. A value of any of TIFF's
// types counts where its first number is a whole one from 1 to 8: writers do not keep to the SHORT that EXIF asks for.
// Never reads past `count`.
int papilla_exif_orientation(const uint8_t *tiff, size_t count);

// The orientation (1 to 8) that an XMP packet states as tiff:Orientation; 0 where there is none.
int papilla_xmp_orientation(const uint8_t *text, size_t count);

#endif
