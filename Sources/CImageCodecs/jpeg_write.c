#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "bytes.h"

// Everything that must outlive a longjmp stands here, not in locals.
typedef struct {
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    struct jpeg_compress_struct jpeg;
    jmp_buf escape;
    papilla_codec_status status;
    papilla_bytes *result;
    char *message;
} session;

_Noreturn static void leave(session *at, papilla_codec_status status) {
    at->status = status;
    longjmp(at->escape, 1);
}

static void on_error(j_common_ptr jpeg) {
    session *at = jpeg->client_data;
    char words[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, words);
    snprintf(at->message, PAPILLA_CODEC_MESSAGE_SIZE, "%s", words);
    bool too_large = jpeg->err->msg_code == JERR_IMAGE_TOO_BIG || jpeg->err->msg_code == JERR_WIDTH_OVERFLOW;
    leave(
        at, jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? PAPILLA_CODEC_OUT_OF_MEMORY
            : too_large                               ? PAPILLA_CODEC_TOO_LARGE
                                                      : PAPILLA_CODEC_CORRUPT
    );
}

static void on_message(j_common_ptr jpeg, int level) {
    (void)jpeg;
    (void)level;
}

// libjpeg's own memory destination loses its buffer when an error comes after it has grown; this one is freed by its
// owner.
static void make_room(session *at) {
    if (!papilla_bytes_reserve(at->result, 65536))
        leave(at, PAPILLA_CODEC_OUT_OF_MEMORY);
    at->destination.next_output_byte = at->result->bytes + at->result->count;
    at->destination.free_in_buffer = at->result->capacity - at->result->count;
}

static void on_start(j_compress_ptr jpeg) { make_room(jpeg->client_data); }

static boolean on_full(j_compress_ptr jpeg) {
    session *at = jpeg->client_data;
    at->result->count = at->result->capacity;
    make_room(at);
    return TRUE;
}

static void on_end(j_compress_ptr jpeg) {
    session *at = jpeg->client_data;
    at->result->count = at->result->capacity - at->destination.free_in_buffer;
}

static void write_image(
    session *at, const uint8_t *pixels, uint32_t width, uint32_t height, int channels, size_t stride, int quality,
    bool subsampled, const char *comment, unsigned interval
) {
    if (setjmp(at->escape) == 0) {
        struct jpeg_compress_struct *jpeg = &at->jpeg;
        jpeg_create_compress(jpeg);
        at->destination.init_destination = on_start;
        at->destination.empty_output_buffer = on_full;
        at->destination.term_destination = on_end;
        jpeg->dest = &at->destination;
        jpeg->image_width = width;
        jpeg->image_height = height;
        jpeg->input_components = channels;
        jpeg->in_color_space = channels == 4 ? JCS_EXT_BGRX : JCS_RGB;
        jpeg_set_defaults(jpeg);
        jpeg_set_quality(jpeg, quality, TRUE);
        // The usual Huffman tables: tables of its own make a file 3 % smaller, and take more time than all the rest.
        jpeg->optimize_coding = FALSE;
        jpeg->restart_interval = interval;
        jpeg->comp_info[0].h_samp_factor = subsampled ? 2 : 1;
        jpeg->comp_info[0].v_samp_factor = subsampled ? 2 : 1;
        jpeg_start_compress(jpeg, TRUE);
        if (comment != NULL)
            jpeg_write_marker(jpeg, JPEG_COM, (const JOCTET *)comment, (unsigned)strlen(comment));
        while (jpeg->next_scanline < jpeg->image_height) {
            JSAMPROW row = (JSAMPROW)(pixels + (size_t)jpeg->next_scanline * stride);
            jpeg_write_scanlines(jpeg, &row, 1);
        }
        jpeg_finish_compress(jpeg);
    }
    jpeg_destroy_compress(&at->jpeg);
    if (at->status != PAPILLA_CODEC_OK)
        papilla_bytes_free(at->result);
}

papilla_codec_status papilla_jpeg_write(
    const uint8_t *pixels, uint32_t width, uint32_t height, int channels, size_t stride, int quality, bool subsampled,
    const char *comment, unsigned interval, papilla_bytes *result, char message[PAPILLA_CODEC_MESSAGE_SIZE]
) {
    session at = {.result = result, .message = message};
    *result = (papilla_bytes){0};
    message[0] = 0;
    at.jpeg.err = jpeg_std_error(&at.errors);
    at.errors.error_exit = on_error;
    at.errors.emit_message = on_message;
    at.jpeg.client_data = &at;
    write_image(&at, pixels, width, height, channels, stride, quality, subsampled, comment, interval);
    return at.status;
}

// Where the segment of a marker begins in a file of ours, behind the marker; 0 where there is none before the scan.
static size_t segment(const papilla_bytes *file, uint8_t marker) {
    size_t at = 2;
    while (at + 4 <= file->count && file->bytes[at] == 0xFF) {
        uint8_t found = file->bytes[at + 1];
        if (found == marker)
            return at + 2;
        if (found == 0xDA)
            break;
        at += 2 + ((size_t)file->bytes[at + 2] << 8 | file->bytes[at + 3]);
    }
    return 0;
}

papilla_codec_status
papilla_jpeg_append(papilla_bytes *first, const papilla_bytes *next, unsigned index, uint32_t height) {
    size_t frame = segment(first, 0xC0), scan = segment(next, 0xDA);
    if (frame == 0 || scan == 0 || height > 65500)
        return PAPILLA_CODEC_CORRUPT;
    scan += (size_t)next->bytes[scan] << 8 | next->bytes[scan + 1];
    size_t count = next->count - scan;
    if (!papilla_bytes_reserve(first, count))
        return PAPILLA_CODEC_OUT_OF_MEMORY;
    // Where the end was marked, coding restarts.
    first->bytes[first->count - 1] = (uint8_t)(0xD0 + (index - 1) % 8);
    memcpy(first->bytes + first->count, next->bytes + scan, count);
    first->count += count;
    first->bytes[frame + 3] = (uint8_t)(height >> 8);
    first->bytes[frame + 4] = (uint8_t)height;
    return PAPILLA_CODEC_OK;
}
