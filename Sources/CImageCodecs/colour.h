// From the colour space that a file states to sRGB, by Little CMS.
#ifndef PAPILLA_COLOUR_H
#define PAPILLA_COLOUR_H

#include "CImageCodecs.h"

// The kinds of pixels that are converted.
typedef enum {
    PAPILLA_PIXELS_GREY,
    PAPILLA_PIXELS_RGB,
    PAPILLA_PIXELS_INKS,          // CMYK, 255 is all ink
    PAPILLA_PIXELS_INKS_INVERTED, // CMYK, 0 is all ink
} papilla_pixels;

// A conversion to rows of 8-bit sRGB. NULL: nothing is to be converted.
typedef struct papilla_colour papilla_colour;

// The conversion that an ICC profile asks for; NULL where it is sRGB in all that can be seen, or cannot be used. What
// it is called, and why it cannot be used, goes to `details`. Nothing in the profile is trusted. `deep`: samples of 16
// bits in the machine's order.
papilla_colour *papilla_colour_of_profile(
    const uint8_t *profile, size_t count, papilla_pixels pixels, bool deep, papilla_image_details *details
);

// The conversion that PNG's gAMA and cHRM ask for, in hundred thousandths; `chromaticities` (white, red, green, blue, x
// and y each) may be NULL: sRGB's. `gamma` 0: not stated, sRGB's curve.
papilla_colour *papilla_colour_of_gamma(
    int32_t gamma, const int32_t chromaticities[8], papilla_pixels pixels, bool deep, papilla_image_details *details
);

// One row, to red, green and blue. Source and target may not overlap.
void papilla_colour_convert(const papilla_colour *colour, const void *source, uint8_t *target, size_t width);

void papilla_colour_free(papilla_colour *colour);

// States that the colours are sRGB because nothing says otherwise, that they are by the file's own words, or that these
// are of no use.
void papilla_colour_note(papilla_image_details *details, const char *space, const char *problem);

#endif
