// libjpeg-turbo, libpng and Little CMS behind plain functions: header and pixels on the way in, one encoder a format on
// the way out. Their errors leave through setjmp, which Swift must never see, so it all stays in this room.
#ifndef PAPILLA_IMAGE_CODECS_H
#define PAPILLA_IMAGE_CODECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How a call ended.
typedef enum {
    PAPILLA_CODEC_OK = 0,
    PAPILLA_CODEC_TRUNCATED,   // the bytes end before the image does
    PAPILLA_CODEC_CORRUPT,     // the bytes contradict themselves
    PAPILLA_CODEC_UNSUPPORTED, // a valid variant of the format that is not read (12-bit or lossless JPEG)
    PAPILLA_CODEC_TOO_LARGE,   // more than the format or this library can hold
    PAPILLA_CODEC_OUT_OF_MEMORY,
} papilla_codec_status;

enum { PAPILLA_CODEC_MESSAGE_SIZE = 200, PAPILLA_COLOUR_SPACE_SIZE = 80 };

// What the header says, before any memory is taken for pixels.
typedef struct {
    uint32_t width;  // px, as stored: before the EXIF orientation
    uint32_t height; // px
    bool is_grey;    // one channel of colour in the file (with or without alpha)
} papilla_image_header;

// What came with the pixels.
typedef struct {
    int orientation; // EXIF orientation, 1 to 8; 1 where there is none or it makes no sense
    bool is_phantom; // the metadata says that this is a synthetic image
    double hidden;   // share of the pixels, 0 to 1, that alpha hides by more than half; 0 where it varies nowhere or
                     // hides everything
    char
        colour_space[PAPILLA_COLOUR_SPACE_SIZE]; // what the file calls its colours, "sRGB", or "" where it says nothing
    char colour_problem[PAPILLA_COLOUR_SPACE_SIZE]; // why that could not be used, or ""
    char message[PAPILLA_CODEC_MESSAGE_SIZE];       // the library's words where the call failed
} papilla_image_details;

// Bytes made by an encoder, to be handed to papilla_bytes_free.
typedef struct {
    uint8_t *bytes;
    size_t count;
    size_t capacity;
} papilla_bytes;

// JPEG. `pixels` holds height x width x channels bytes, channels 3 (RGB) or 1 (luma); it is complete only where the
// result is OK. With 3 channels, colours that the file states to be other than sRGB's are converted; with 1 the values
// stay as they are stored.
papilla_codec_status papilla_jpeg_read_header(
    const uint8_t *bytes, size_t count, papilla_image_header *header, papilla_image_details *details
);
papilla_codec_status papilla_jpeg_read_pixels(
    const uint8_t *bytes, size_t count, int channels, uint8_t *pixels, size_t capacity, papilla_image_details *details
);

// PNG, likewise. Transparency is laid on black, but where it hides everything: there it is unused. 16 bits are rounded
// to 8.
papilla_codec_status papilla_png_read_header(
    const uint8_t *bytes, size_t count, papilla_image_header *header, papilla_image_details *details
);
papilla_codec_status papilla_png_read_pixels(
    const uint8_t *bytes, size_t count, int channels, uint8_t *pixels, size_t capacity, papilla_image_details *details
);

// Converts red, green and blue, where they lie, to sRGB from the colours of an ICC profile that came beside them. Where
// it is sRGB or cannot be used they stay; `details` says what it is called, and why it could not.
void papilla_convert_colours(
    const uint8_t *profile, size_t count, uint8_t *pixels, size_t width, size_t height, papilla_image_details *details
);

// What the samples of a PNG are.
typedef struct {
    uint8_t depth;           // bits a sample: 1, 2, 4, 8 or 16
    uint8_t channels;        // 1 grey or place in the palette, 2 grey and alpha, 3 colour, 4 colour and alpha
    uint16_t palette_count;  // 0 without a palette
    uint8_t palette[256][4]; // red, green, blue, alpha
} papilla_samples_layout;

// A PNG's samples as they are stored, height x width x channels, neither scaled nor looked up: for masks, whose values
// are names. There may be four channels at the most. A colour that stands for transparency is a value like every other.
papilla_codec_status papilla_png_read_samples(
    const uint8_t *bytes, size_t count, papilla_samples_layout *layout, uint16_t *samples, size_t capacity,
    papilla_image_details *details
);

// To baseline JPEG: red, green and blue (channels 3), or blue, green, red and a byte that does not count (channels 4,
// Cairo's order). `stride` bytes lie between the beginnings of two rows. `comment` may be NULL. A band of a larger
// image names, as `interval`, how many blocks of 8 x 8 (subsampled: 16 x 16) pixels each of that image's bands has, the
// last one aside, which may have fewer; else it is 0.
papilla_codec_status papilla_jpeg_write(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, size_t stride, int quality, bool subsampled,
    const char *comment, unsigned interval, papilla_bytes *result, char message[PAPILLA_CODEC_MESSAGE_SIZE]
);

// Appends the next of an image's bands, `index` from 1, to the first one, and makes the image `height` pixels high.
papilla_codec_status
papilla_jpeg_append(papilla_bytes *first, const papilla_bytes *next, unsigned index, uint32_t height);

// RGB or grey of few values to 8-bit PNG. `texts` holds `text_count` pairs, each a keyword and a value in Latin-1, each
// ended by a zero byte.
papilla_codec_status papilla_png_write(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, const char *texts, size_t text_count,
    papilla_bytes *result, char message[PAPILLA_CODEC_MESSAGE_SIZE]
);

// A mask, 0 and 255, to 8-bit grey PNG, likewise: run by run, many times as fast.
papilla_codec_status papilla_png_write_mask(
    const uint8_t *pixels, uint32_t width, uint32_t height, const char *texts, size_t text_count, papilla_bytes *result,
    char message[PAPILLA_CODEC_MESSAGE_SIZE]
);

void papilla_bytes_free(papilla_bytes *bytes);

#endif
