#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "colour.h"
#include "exif.h"

enum { CHUNK_BYTES_LIMIT = 4 << 20, CHUNK_COUNT_LIMIT = 256, SIDE_LIMIT = 0x7FFFFFFF };

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

// Chunks that change no pixel. They are passed over, their checksums apart: no parser to trust, nothing to inflate.
static const uint8_t skipped_chunks[] = "bKGD\0hIST\0pHYs\0pCAL\0sCAL\0sPLT\0sBIT\0oFFs\0tIME\0zTXt";
enum { SKIPPED_CHUNKS = 10 };
_Static_assert(sizeof skipped_chunks == 5 * SKIPPED_CHUNKS, "each name is four letters and a zero byte");

// Chunks that say what the colours mean. Masks have none: their values are kept.
static const uint8_t colour_chunks[] = "gAMA\0cHRM\0sRGB\0iCCP";
enum { COLOUR_CHUNKS = 4 };
_Static_assert(sizeof colour_chunks == 5 * COLOUR_CHUNKS, "each name is four letters and a zero byte");

// Chunks that are handed on as they lie in the file. libpng's own readers take as much memory as a chunk says it is
// long, before they see that the file is shorter; for chunks that it need not understand it keeps to CHUNK_BYTES_LIMIT.
static const uint8_t kept_chunks[] = "eXIf\0tEXt\0iTXt\0cICP";
enum { KEPT_CHUNKS = 4 };
_Static_assert(sizeof kept_chunks == 5 * KEPT_CHUNKS, "each name is four letters and a zero byte");

// Warnings of libpng that touch no pixel: what follows the last one inside the image's data, and texts that are too
// long or too many.
static const char *const harmless_warnings[] = {
    "IDAT: Extra compressed data", "IDAT: Too much image data", "tEXt: ", "iTXt: "
};
enum { HARMLESS_WARNINGS = 4 };

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
    papilla_colour *colour;
    char colour_warning[PAPILLA_COLOUR_SPACE_SIZE]; // what is wrong with a chunk about colours
    bool ignores_alpha;
    uint8_t least_alpha, most_alpha;
    size_t hidden;      // pixels of which alpha leaves less than half
    uint8_t *rows;      // one decoded row, or all of an interlaced image, in the file's own channels
    uint8_t *expanded;  // a row of a palette's colours, with alpha
    uint8_t *samples;   // a row without alpha, to be converted
    uint8_t *converted; // a row of sRGB
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

// libpng goes on after a warning, without what it warns of. Here a warning is the end, unless it is known to be
// harmless; of chunks about colours it is told elsewhere. Only palettes of images that have none are suggestions.
static void on_warning(png_structp png, png_const_charp words) {
    session *at = png_get_error_ptr(png);
    for (int index = 0; index < HARMLESS_WARNINGS; index++)
        if (strncmp(words, harmless_warnings[index], strlen(harmless_warnings[index])) == 0)
            return;
    for (int index = 0; index < COLOUR_CHUNKS; index++)
        if (strncmp(words, (const char *)colour_chunks + 5 * index, 4) == 0) {
            snprintf(at->colour_warning, sizeof at->colour_warning, "%s", words);
            return;
        }
    if (strncmp(words, "PLTE", 4) == 0 && at->bytes[25] != PNG_COLOR_TYPE_PALETTE)
        return;
    note(at, words);
    leave(at, PAPILLA_CODEC_CORRUPT);
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

papilla_codec_status papilla_png_read_header(
    const uint8_t *bytes, size_t count, papilla_image_header *header, papilla_image_details *details
) {
    *details = (papilla_image_details){.orientation = 1};
    // The first chunk's place is fixed, so a size is known even where nothing but the header is there.
    if (count < 26) {
        snprintf(details->message, PAPILLA_CODEC_MESSAGE_SIZE, "the file ends inside the header");
        return memcmp(bytes, signature, count < 8 ? count : 8) == 0 ? PAPILLA_CODEC_TRUNCATED : PAPILLA_CODEC_CORRUPT;
    }
    if (memcmp(bytes, signature, 8) == 0 && memcmp(bytes + 12, "CgBI", 4) == 0) {
        snprintf(details->message, PAPILLA_CODEC_MESSAGE_SIZE, "Apple's own variant for its devices (CgBI)");
        return PAPILLA_CODEC_UNSUPPORTED;
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

static void start(session *at, bool has_colours) {
    png_set_read_fn(at->png, at, on_read);
    png_set_crc_action(at->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_user_limits(at->png, SIDE_LIMIT, SIDE_LIMIT); // the caller has checked the size against its own limit
    png_set_chunk_malloc_max(at->png, CHUNK_BYTES_LIMIT);
    png_set_chunk_cache_max(at->png, CHUNK_COUNT_LIMIT);
    png_set_keep_unknown_chunks(at->png, PNG_HANDLE_CHUNK_NEVER, skipped_chunks, SKIPPED_CHUNKS);
    if (!has_colours)
        png_set_keep_unknown_chunks(at->png, PNG_HANDLE_CHUNK_NEVER, colour_chunks, COLOUR_CHUNKS);
    png_set_keep_unknown_chunks(at->png, PNG_HANDLE_CHUNK_ALWAYS, kept_chunks, KEPT_CHUNKS);
    png_read_info(at->png, at->info);
}

// What the file says of its colours: the first of cICP, iCCP, sRGB, and gAMA with cHRM that is there (PNG, 13.13
// and 13.14).
static void read_colour(session *at, papilla_pixels pixels, bool deep) {
    png_unknown_chunkp chunks = NULL;
    int count = png_get_unknown_chunks(at->png, at->info, &chunks);
    for (int index = 0; index < count; index++) {
        if (memcmp(chunks[index].name, "cICP", 4) != 0)
            continue;
        // Primaries of BT.709, curve of sRGB, RGB, full range.
        static const uint8_t standard[4] = {1, 13, 0, 1};
        bool is_standard = chunks[index].size == 4 && memcmp(chunks[index].data, standard, 4) == 0;
        papilla_colour_note(
            at->details, is_standard ? "sRGB" : "cICP", is_standard ? NULL : "of cICP, only sRGB is known"
        );
        return;
    }
    png_charp name = NULL;
    png_bytep profile = NULL;
    png_uint_32 length = 0;
    int compression = 0, intent = 0;
    png_fixed_point gamma = 0, points[8];
    if (png_get_iCCP(at->png, at->info, &name, &compression, &profile, &length) != 0) {
        at->colour = papilla_colour_of_profile(profile, length, pixels, deep, at->details);
    } else if (strncmp(at->colour_warning, "iCCP", 4) == 0) {
        papilla_colour_note(at->details, "unreadable profile", at->colour_warning);
    } else if (png_get_sRGB(at->png, at->info, &intent) != 0) {
        papilla_colour_note(at->details, "sRGB", NULL);
    } else {
        bool has_gamma = png_get_gAMA_fixed(at->png, at->info, &gamma) != 0;
        bool has_points = png_get_cHRM_fixed(
                              at->png, at->info, points, points + 1, points + 2, points + 3, points + 4, points + 5,
                              points + 6, points + 7
                          ) != 0;
        if (has_gamma || has_points)
            at->colour =
                papilla_colour_of_gamma(has_gamma ? gamma : 0, has_points ? points : NULL, pixels, deep, at->details);
        else if (at->colour_warning[0] != 0)
            papilla_colour_note(at->details, "unreadable gamma", at->colour_warning);
    }
}

static uint8_t on_black(unsigned value, unsigned alpha) { return (uint8_t)((value * alpha + 127) / 255); }

// A row of palette indices, to red, green, blue and alpha.
static void expand_palette(session *at, const uint8_t *row, size_t width) {
    png_colorp palette = NULL;
    png_bytep alphas = NULL;
    png_color_16p key = NULL;
    int colours = 0, alpha_count = 0;
    png_get_PLTE(at->png, at->info, &palette, &colours);
    png_get_tRNS(at->png, at->info, &alphas, &alpha_count, &key);
    uint8_t *target = at->expanded;
    for (size_t x = 0; x < width; x++, target += 4) {
        // libpng itself would take it for black.
        if (row[x] >= colours) {
            snprintf(
                at->details->message, PAPILLA_CODEC_MESSAGE_SIZE, "a pixel has colour %d of a palette of %d",
                row[x] + 1, colours
            );
            leave(at, PAPILLA_CODEC_CORRUPT);
        }
        target[0] = palette[row[x]].red;
        target[1] = palette[row[x]].green;
        target[2] = palette[row[x]].blue;
        target[3] = row[x] < alpha_count ? alphas[row[x]] : 255;
    }
}

// A row of `channels` samples of one byte, or of two in the machine's order, to sRGB and the same with alpha.
static void
convert_colours(session *at, const uint8_t *row, size_t channels, bool deep, uint8_t *target, size_t width) {
    bool transparent = channels % 2 == 0;
    size_t colours = transparent ? channels - 1 : channels, bytes = deep ? 2 : 1;
    for (size_t x = 0; x < width; x++)
        memcpy(at->samples + x * colours * bytes, row + x * channels * bytes, colours * bytes);
    papilla_colour_convert(at->colour, at->samples, at->converted, width);
    for (size_t x = 0; x < width; x++) {
        memcpy(target + 4 * x, at->converted + 3 * x, 3);
        // The upper of two bytes is the second one on every machine that this is built for.
        target[4 * x + 3] = transparent ? row[((x + 1) * channels - 1) * bytes + bytes - 1] : 255;
    }
}

static void
write_row(session *at, const uint8_t *source, size_t source_channels, uint8_t *target, int channels, size_t width) {
    bool grey = source_channels < 3;
    bool transparent = source_channels % 2 == 0;
    for (size_t x = 0; x < width; x++, source += source_channels, target += channels) {
        unsigned alpha = 255;
        if (transparent && !at->ignores_alpha) {
            alpha = source[source_channels - 1];
            if (alpha < at->least_alpha)
                at->least_alpha = (uint8_t)alpha;
            if (alpha > at->most_alpha)
                at->most_alpha = (uint8_t)alpha;
            if (alpha < 128)
                at->hidden++;
        }
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
    static const char xmp[] = "XML:com.adobe.xmp";
    png_unknown_chunkp chunks = NULL;
    int count = png_get_unknown_chunks(at->png, at->info, &chunks);
    int by_exif = 0, by_xmp = 0;
    for (int index = 0; index < count; index++) {
        const png_unknown_chunk *chunk = &chunks[index];
        if (memcmp(chunk->name, "tEXt", 4) == 0) {
            size_t length = sizeof phantom_text - 1;
            if (chunk->size >= length && memcmp(chunk->data, phantom_text, length) == 0)
                at->details->is_phantom = true;
        } else if (memcmp(chunk->name, "iTXt", 4) == 0) {
            if (by_xmp == 0 && chunk->size > sizeof xmp && memcmp(chunk->data, xmp, sizeof xmp) == 0)
                by_xmp = papilla_xmp_orientation(chunk->data, chunk->size);
        } else if (memcmp(chunk->name, "eXIf", 4) == 0 && by_exif == 0) {
            // Some writers put JPEG's name of the segment before it.
            size_t skipped = chunk->size > 6 && memcmp(chunk->data, "Exif\0", 6) == 0 ? 6 : 0;
            by_exif = papilla_exif_orientation(chunk->data + skipped, chunk->size - skipped);
        }
    }
    at->details->orientation = by_exif != 0 ? by_exif : by_xmp != 0 ? by_xmp : 1;
}

static uint8_t *row_of(session *at, size_t count, size_t size) {
    uint8_t *bytes = calloc(count, size);
    if (bytes == NULL)
        leave(at, PAPILLA_CODEC_OUT_OF_MEMORY);
    return bytes;
}

static void read_rows(session *at, int channels, uint8_t *pixels, size_t capacity) {
    size_t width = png_get_image_width(at->png, at->info), height = png_get_image_height(at->png, at->info);
    if (capacity / height / width < (size_t)channels) {
        note(at, "the buffer is smaller than the image");
        leave(at, PAPILLA_CODEC_TOO_LARGE);
    }
    int kind = png_get_color_type(at->png, at->info);
    bool has_palette = kind == PNG_COLOR_TYPE_PALETTE;
    bool deep = png_get_bit_depth(at->png, at->info) == 16;
    if (channels == 3)
        read_colour(at, kind & PNG_COLOR_MASK_COLOR ? PAPILLA_PIXELS_RGB : PAPILLA_PIXELS_GREY, deep);
    deep = deep && at->colour != NULL;
    // A palette's indices to a byte each; else 1, 2 and 4 bits to 8, a transparent colour to an alpha channel, 16 bits
    // rounded to 8.
    if (has_palette) {
        png_set_packing(at->png);
    } else {
        png_set_expand(at->png);
        if (deep)
            png_set_swap(at->png);
        else
            png_set_scale_16(at->png);
    }
    int passes = png_set_interlace_handling(at->png);
    png_read_update_info(at->png, at->info);
    size_t stride = png_get_rowbytes(at->png, at->info);
    size_t source_channels = png_get_channels(at->png, at->info);
    if (png_get_bit_depth(at->png, at->info) != (deep ? 16 : 8) || stride != width * source_channels * (deep ? 2 : 1))
        png_error(at->png, "unexpected row");
    at->rows = row_of(at, passes > 1 ? height : 1, stride);
    if (has_palette || at->colour != NULL)
        at->expanded = row_of(at, width, 4);
    if (at->colour != NULL) {
        at->samples = row_of(at, width, 6);
        at->converted = row_of(at, width, 3);
    }
    for (int pass = 0; pass < passes; pass++)
        for (size_t y = 0; y < height; y++) {
            uint8_t *row = at->rows + (passes > 1 ? y * stride : 0);
            png_read_row(at->png, row, NULL);
            if (pass < passes - 1)
                continue;
            const uint8_t *source = row;
            size_t count = source_channels;
            if (has_palette)
                expand_palette(at, row, width), source = at->expanded, count = 4;
            if (at->colour != NULL)
                convert_colours(at, source, count, deep, at->expanded, width), source = at->expanded, count = 4;
            write_row(at, source, count, pixels + y * width * (size_t)channels, channels, width);
        }
    png_read_end(at->png, at->info);
    bool varies = at->least_alpha < at->most_alpha;
    at->details->hidden = varies ? (double)at->hidden / (double)width / (double)height : 0;
}

// The session stands in the caller's frame: what a longjmp finds there is then well defined.
static void read_pixels(session *at, int channels, uint8_t *pixels, size_t capacity) {
    if (setjmp(at->escape) == 0) {
        at->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, at, on_error, on_warning);
        if (at->png != NULL)
            at->info = png_create_info_struct(at->png);
        if (at->info == NULL)
            leave(at, PAPILLA_CODEC_OUT_OF_MEMORY);
        start(at, channels == 3);
        read_rows(at, channels, pixels, capacity);
        read_metadata(at);
    }
    png_destroy_read_struct(&at->png, &at->info, NULL);
    papilla_colour_free(at->colour);
    free(at->rows);
    free(at->expanded);
    free(at->samples);
    free(at->converted);
}

papilla_codec_status papilla_png_read_pixels(
    const uint8_t *bytes, size_t count, int channels, uint8_t *pixels, size_t capacity, papilla_image_details *details
) {
    session at = {.details = details, .bytes = bytes, .count = count, .least_alpha = 255};
    *details = (papilla_image_details){.orientation = 1};
    read_pixels(&at, channels, pixels, capacity);
    // Alpha that is the same everywhere hides nothing from anything: frame grabbers leave it at 0, and the colours
    // count.
    if (at.status == PAPILLA_CODEC_OK && at.least_alpha == at.most_alpha && at.most_alpha < 255) {
        at = (session){.details = details, .bytes = bytes, .count = count, .ignores_alpha = true, .least_alpha = 255};
        *details = (papilla_image_details){.orientation = 1};
        read_pixels(&at, channels, pixels, capacity);
    }
    return at.status;
}

static void read_palette(session *at, papilla_samples_layout *layout) {
    png_colorp colours = NULL;
    png_bytep alphas = NULL;
    int count = 0, alpha_count = 0;
    if (png_get_PLTE(at->png, at->info, &colours, &count) == 0)
        png_error(at->png, "a palette image without its palette");
    if (png_get_tRNS(at->png, at->info, &alphas, &alpha_count, NULL) == 0)
        alpha_count = 0;
    layout->palette_count = (uint16_t)count;
    for (int index = 0; index < count; index++) {
        uint8_t *colour = layout->palette[index];
        colour[0] = colours[index].red;
        colour[1] = colours[index].green;
        colour[2] = colours[index].blue;
        colour[3] = index < alpha_count ? alphas[index] : 255;
    }
}

static void read_sample_rows(session *at, papilla_samples_layout *layout, uint16_t *samples, size_t capacity) {
    size_t width = png_get_image_width(at->png, at->info), height = png_get_image_height(at->png, at->info);
    layout->depth = png_get_bit_depth(at->png, at->info);
    layout->channels = png_get_channels(at->png, at->info);
    if (png_get_color_type(at->png, at->info) == PNG_COLOR_TYPE_PALETTE)
        read_palette(at, layout);
    if (capacity / height / width < layout->channels) {
        note(at, "the buffer is smaller than the image");
        leave(at, PAPILLA_CODEC_TOO_LARGE);
    }
    png_set_packing(at->png); // 1, 2 and 4 bits each get a byte, unscaled
    int passes = png_set_interlace_handling(at->png);
    png_read_update_info(at->png, at->info);
    size_t stride = png_get_rowbytes(at->png, at->info), length = width * layout->channels;
    size_t bytes = layout->depth == 16 ? 2 : 1;
    if (stride != length * bytes)
        png_error(at->png, "unexpected row");
    at->rows = calloc(passes > 1 ? height : 1, stride);
    if (at->rows == NULL)
        leave(at, PAPILLA_CODEC_OUT_OF_MEMORY);
    for (int pass = 0; pass < passes; pass++)
        for (size_t y = 0; y < height; y++) {
            uint8_t *row = at->rows + (passes > 1 ? y * stride : 0);
            png_read_row(at->png, row, NULL);
            if (pass < passes - 1)
                continue;
            uint16_t *target = samples + y * length;
            for (size_t index = 0; index < length; index++) {
                target[index] = bytes == 2 ? (uint16_t)(row[2 * index] << 8 | row[2 * index + 1]) : row[index];
                if (layout->palette_count > 0 && target[index] >= layout->palette_count)
                    png_error(at->png, "a pixel's colour is not in the palette");
            }
        }
    png_read_end(at->png, at->info);
}

static void read_samples(session *at, papilla_samples_layout *layout, uint16_t *samples, size_t capacity) {
    if (setjmp(at->escape) == 0) {
        at->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, at, on_error, on_warning);
        if (at->png != NULL)
            at->info = png_create_info_struct(at->png);
        if (at->info == NULL)
            leave(at, PAPILLA_CODEC_OUT_OF_MEMORY);
        start(at, false);
        read_sample_rows(at, layout, samples, capacity);
        read_metadata(at);
    }
    png_destroy_read_struct(&at->png, &at->info, NULL);
    free(at->rows);
}

papilla_codec_status papilla_png_read_samples(
    const uint8_t *bytes, size_t count, papilla_samples_layout *layout, uint16_t *samples, size_t capacity,
    papilla_image_details *details
) {
    session at = {.details = details, .bytes = bytes, .count = count};
    *details = (papilla_image_details){.orientation = 1};
    *layout = (papilla_samples_layout){.depth = 0};
    read_samples(&at, layout, samples, capacity);
    return at.status;
}
