#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>
#include <zlib.h>

#include "bytes.h"
#include "mask_stream.h"

// Everything that must outlive a longjmp stands here, not in locals.
typedef struct {
    png_structp png;
    png_infop info;
    jmp_buf escape;
    papilla_codec_status status;
    papilla_bytes *result;
    char *message;
} session;

_Noreturn static void leave(session *at, papilla_codec_status status) {
    at->status = status;
    longjmp(at->escape, 1);
}

_Noreturn static void on_error(png_structp png, png_const_charp words) {
    session *at = png_get_error_ptr(png);
    snprintf(at->message, PAPILLA_CODEC_MESSAGE_SIZE, "%s", words);
    leave(at, strstr(words, "memory") != NULL ? PAPILLA_CODEC_OUT_OF_MEMORY : PAPILLA_CODEC_CORRUPT);
}

static void on_warning(png_structp png, png_const_charp words) {
    (void)png;
    (void)words;
}

static void on_write(png_structp png, png_bytep source, size_t count) {
    session *at = png_get_io_ptr(png);
    if (!papilla_bytes_reserve(at->result, count))
        leave(at, PAPILLA_CODEC_OUT_OF_MEMORY);
    memcpy(at->result->bytes + at->result->count, source, count);
    at->result->count += count;
}

static void on_flush(png_structp png) { (void)png; }

static void write_texts(session *at, const char *texts, size_t text_count) {
    for (size_t index = 0; index < text_count; index++) {
        const char *key = texts, *value = key + strlen(key) + 1;
        texts = value + strlen(value) + 1;
        png_text text = {.compression = PNG_TEXT_COMPRESSION_NONE, .key = (png_charp)key, .text = (png_charp)value};
        png_set_text(at->png, at->info, &text, 1);
    }
}

// Everything before the pixels.
static void
write_start(session *at, uint32_t width, uint32_t height, int channels, const char *texts, size_t text_count) {
    at->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, at, on_error, on_warning);
    if (at->png != NULL)
        at->info = png_create_info_struct(at->png);
    if (at->info == NULL)
        leave(at, PAPILLA_CODEC_OUT_OF_MEMORY);
    png_set_write_fn(at->png, at, on_write, on_flush);
    png_set_user_limits(at->png, 0x7FFFFFFF, 0x7FFFFFFF);
    png_set_IHDR(
        at->png, at->info, width, height, 8, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
        PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT
    );
    write_texts(at, texts, text_count);
    // Few values: looking for runs alone, unfiltered, is three times as quick as what is usual, and smaller.
    if (channels == 1) {
        png_set_filter(at->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
        png_set_compression_strategy(at->png, Z_RLE);
    }
    png_write_info(at->png, at->info);
}

static void write_image(
    session *at, const uint8_t *pixels, uint32_t width, uint32_t height, int channels, const char *texts,
    size_t text_count
) {
    if (setjmp(at->escape) == 0) {
        write_start(at, width, height, channels, texts, text_count);
        for (uint32_t y = 0; y < height; y++)
            png_write_row(at->png, pixels + (size_t)y * width * (size_t)channels);
        png_write_end(at->png, at->info);
    }
    png_destroy_write_struct(&at->png, &at->info);
    if (at->status != PAPILLA_CODEC_OK)
        papilla_bytes_free(at->result);
}

// Chunk by chunk, because the pixels are compressed already.
static void write_mask(
    session *at, const papilla_bytes *stream, uint32_t width, uint32_t height, const char *texts, size_t text_count
) {
    if (setjmp(at->escape) == 0) {
        write_start(at, width, height, 1, texts, text_count);
        png_write_chunk(at->png, (png_const_bytep) "IDAT", stream->bytes, stream->count);
        png_write_chunk(at->png, (png_const_bytep) "IEND", NULL, 0);
    }
    png_destroy_write_struct(&at->png, &at->info);
    if (at->status != PAPILLA_CODEC_OK)
        papilla_bytes_free(at->result);
}

papilla_codec_status papilla_png_write_mask(
    const uint8_t *pixels, uint32_t width, uint32_t height, const char *texts, size_t text_count, papilla_bytes *result,
    char message[PAPILLA_CODEC_MESSAGE_SIZE]
) {
    session at = {.result = result, .message = message};
    papilla_bytes stream = {0};
    *result = (papilla_bytes){0};
    message[0] = 0;
    if (papilla_mask_stream(pixels, width, height, &stream))
        write_mask(&at, &stream, width, height, texts, text_count);
    else
        at.status = PAPILLA_CODEC_OUT_OF_MEMORY;
    papilla_bytes_free(&stream);
    return at.status;
}

papilla_codec_status papilla_png_write(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, const char *texts, size_t text_count,
    papilla_bytes *result, char message[PAPILLA_CODEC_MESSAGE_SIZE]
) {
    session at = {.result = result, .message = message};
    *result = (papilla_bytes){0};
    message[0] = 0;
    write_image(&at, pixels, width, height, channels, texts, text_count);
    return at.status;
}
