#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "exif.h"

enum { CHUNK_BYTES_LIMIT = 4 << 20, CHUNK_COUNT_LIMIT = 256, SIDE_LIMIT = 0x7FFFFFFF };

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

// Chunks that change no pixel here. They are passed over, their checksums apart: no parser to trust, nothing to inflate.
static const uint8_t skipped_chunks[] =
    "gAMA\0cHRM\0sRGB\0iCCP\0bKGD\0hIST\0pHYs\0pCAL\0sCAL\0sPLT\0sBIT\0oFFs\0tIME\0zTXt\0iTXt";
enum { SKIPPED_CHUNKS = 15 };
_Static_assert(sizeof skipped_chunks == 5 * SKIPPED_CHUNKS, "each name is four letters and a zero byte");

// Chunks that are handed on as they lie in the file. libpng's own readers take as much memory as a chunk says it is long, before
// they see that the file is shorter; for chunks that it need not understand it keeps to CHUNK_BYTES_LIMIT.
static const uint8_t kept_chunks[] = "eXIf\0tEXt";
enum { KEPT_CHUNKS = 2 };
_Static_assert(sizeof kept_chunks == 5 * KEPT_CHUNKS, "each name is four letters and a zero byte");

static const char phantom_text[] = "Papilla\0PHANTOM";

// Everything that must outlive a longjmp stands here, not in locals.
typedef struct {
    png_structp png;
    png_infop info;
    jmp_buf escape;
    papilla_codec_status status;
    papilla_image_details *details;
    const uint8_t *bytes;
    size_t count;
    size_t position;
    uint8_t *rows;   // one decoded row, or all of an interlaced image, in the file's own channels
} session;

static void note(session *at, const char *words) {
    snprintf(at->details->message, PAPILLA_CODEC_MESSAGE_SIZE, "%s", words);
}

_Noreturn static void leave(session *at, papilla_codec_status status) {
    at->status = status;
    longjmp(at->escape, 1);
}

_Noreturn static void on_error(png_structp png, png_const_charp words) {
    session *at = png_get_error_ptr(png);
    note(at, words);
    leave(at, strstr(words, "memory") != NULL ? PAPILLA_CODEC_OUT_OF_MEMORY : PAPILLA_CODEC_CORRUPT);
}

// Checksums that fail are errors (see start); what is left to warn about does not touch the pixels.
static void on_warning(png_structp png, png_const_charp words) {
    (void)png;
    (void)words;
}

static void on_read(png_structp png, png_bytep target, size_t count) {
    session *at = png_get_io_ptr(png);
    if (at->count - at->position < count) {
        note(at, "the file ends inside the image");
        leave(at, PAPILLA_CODEC_TRUNCATED);
    }
    memcpy(target, at->bytes + at->position, count);
    at->position += count;
}

static uint32_t read32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

papilla_codec_status papilla_png_read_header(const uint8_t *bytes, size_t count, papilla_image_header *header,
                                             papilla_image_details *details) {
    *details = (papilla_image_details){.orientation = 1};
    // The first chunk's place is fixed, so a size is known even where nothing but the header is there.
    if (count < 26) {
        snprintf(details->message, PAPILLA_CODEC_MESSAGE_SIZE, "the file ends inside the header");
        return memcmp(bytes, signature, count < 8 ? count : 8) == 0 ? PAPILLA_CODEC_TRUNCATED : PAPILLA_CODEC_CORRUPT;
    }
    if (memcmp(bytes, signature, 8) != 0 || memcmp(bytes + 12, "IHDR", 4) != 0) {
        snprintf(details->message, PAPILLA_CODEC_MESSAGE_SIZE, "no header chunk");
        return PAPILLA_CODEC_CORRUPT;
    }
    header->width = read32(bytes + 16);
    header->height = read32(bytes + 20);
    header->is_grey = bytes[25] == PNG_COLOR_TYPE_GRAY || bytes[25] == PNG_COLOR_TYPE_GRAY_ALPHA;
    if (header->width == 0 || header->height == 0 || header->width > SIDE_LIMIT || header->height > SIDE_LIMIT) {
        snprintf(details->message, PAPILLA_CODEC_MESSAGE_SIZE, "the header gives no valid size");
        return PAPILLA_CODEC_CORRUPT;
    }
    return PAPILLA_CODEC_OK;
}

static void start(session *at) {
    png_set_read_fn(at->png, at, on_read);
    png_set_crc_action(at->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_user_limits(at->png, SIDE_LIMIT, SIDE_LIMIT);   // the caller has checked the size against its own limit
    png_set_chunk_malloc_max(at->png, CHUNK_BYTES_LIMIT);
    png_set_chunk_cache_max(at->png, CHUNK_COUNT_LIMIT);
    png_set_keep_unknown_chunks(at->png, PNG_HANDLE_CHUNK_NEVER, skipped_chunks, SKIPPED_CHUNKS);
    png_set_keep_unknown_chunks(at->png, PNG_HANDLE_CHUNK_ALWAYS, kept_chunks, KEPT_CHUNKS);
    png_read_info(at->png, at->info);
    // Palette to colours, 1, 2 and 4 bits to 8, a transparent colour to an alpha channel, 16 bits rounded to 8.
    png_set_expand(at->png);
    png_set_scale_16(at->png);
}

static uint8_t on_black(unsigned value, unsigned alpha) { return (uint8_t)((value * alpha + 127) / 255); }

static void convert_row(const uint8_t *source, size_t source_channels, uint8_t *target, int channels, size_t width) {
    bool grey = source_channels < 3;
    bool transparent = source_channels % 2 == 0;
    for (size_t x = 0; x < width; x++, source += source_channels, target += channels) {
        unsigned alpha = transparent ? source[source_channels - 1] : 255;
        uint8_t red = on_black(source[0], alpha);
        if (grey) {
            memset(target, red, (size_t)channels);
            continue;
        }
        uint8_t green = on_black(source[1], alpha), blue = on_black(source[2], alpha);
        if (channels == 1) {
            target[0] = (uint8_t)((19595u * red + 38470u * green + 7471u * blue + 32768) >> 16);
        } else {
            target[0] = red;
            target[1] = green;
            target[2] = blue;
        }
    }
}

static void read_metadata(session *at) {
    png_unknown_chunkp chunks = NULL;
    int count = png_get_unknown_chunks(at->png, at->info, &chunks);
    bool has_orientation = false;
    for (int index = 0; index < count; index++) {
        const png_unknown_chunk *chunk = &chunks[index];
        if (memcmp(chunk->name, "tEXt", 4) == 0) {
            size_t length = sizeof phantom_text - 1;
            if (chunk->size >= length && memcmp(chunk->data, phantom_text, length) == 0) at->details->is_phantom = true;
        } else if (!has_orientation) {   // the first one counts
            at->details->orientation = papilla_exif_orientation(chunk->data, chunk->size);
            has_orientation = true;
        }
    }
}

static void read_rows(session *at, int channels, uint8_t *pixels, size_t capacity) {
    size_t width = png_get_image_width(at->png, at->info), height = png_get_image_height(at->png, at->info);
    if (capacity / height / width < (size_t)channels) {
        note(at, "the buffer is smaller than the image");
        leave(at, PAPILLA_CODEC_TOO_LARGE);
    }
    int passes = png_set_interlace_handling(at->png);
    png_read_update_info(at->png, at->info);
    size_t stride = png_get_rowbytes(at->png, at->info);
    size_t source_channels = png_get_channels(at->png, at->info);
    if (png_get_bit_depth(at->png, at->info) != 8 || stride != width * source_channels) png_error(at->png, "unexpected row");
    at->rows = calloc(passes > 1 ? height : 1, stride);
    if (at->rows == NULL) leave(at, PAPILLA_CODEC_OUT_OF_MEMORY);
    for (int pass = 0; pass < passes; pass++)
        for (size_t y = 0; y < height; y++) {
            uint8_t *row = at->rows + (passes > 1 ? y * stride : 0);
            png_read_row(at->png, row, NULL);
            if (pass == passes - 1)
                convert_row(row, source_channels, pixels + y * width * (size_t)channels, channels, width);
        }
    png_read_end(at->png, at->info);
}

// The session stands in the caller's frame: what a longjmp finds there is then well defined.
static void read_pixels(session *at, int channels, uint8_t *pixels, size_t capacity) {
    if (setjmp(at->escape) == 0) {
        at->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, at, on_error, on_warning);
        if (at->png != NULL) at->info = png_create_info_struct(at->png);
        if (at->info == NULL) leave(at, PAPILLA_CODEC_OUT_OF_MEMORY);
        start(at);
        read_rows(at, channels, pixels, capacity);
        read_metadata(at);
    }
    png_destroy_read_struct(&at->png, &at->info, NULL);
    free(at->rows);
}

papilla_codec_status papilla_png_read_pixels(const uint8_t *bytes, size_t count, int channels, uint8_t *pixels,
                                             size_t capacity, papilla_image_details *details) {
    session at = {.details = details, .bytes = bytes, .count = count};
    *details = (papilla_image_details){.orientation = 1};
    read_pixels(&at, channels, pixels, capacity);
    return at.status;
}
