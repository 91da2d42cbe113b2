#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "exif.h"

// A JPEG of many thousand empty scans costs minutes of work for a few kilobytes; real ones have about ten scans.
enum { SCAN_LIMIT = 200 };

// Everything that must outlive a longjmp stands here, not in locals.
typedef struct {
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    struct jpeg_decompress_struct jpeg;
    jmp_buf escape;
    papilla_codec_status status;
    papilla_image_details *details;
    const uint8_t *bytes;
    unsigned components_seen;   // one bit for each component that a scan has delivered
} session;

static void note(session *at, const char *words) {
    snprintf(at->details->message, PAPILLA_CODEC_MESSAGE_SIZE, "%s", words);
}

_Noreturn static void leave(session *at, papilla_codec_status status) {
    at->status = status;
    longjmp(at->escape, 1);
}

static void take_message(j_common_ptr jpeg) {
    char words[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, words);
    note(jpeg->client_data, words);
}

static void on_error(j_common_ptr jpeg) {
    session *at = jpeg->client_data;
    take_message(jpeg);
    switch (jpeg->err->msg_code) {
    case JERR_INPUT_EMPTY:
    case JERR_INPUT_EOF:
        leave(at, PAPILLA_CODEC_TRUNCATED);
    case JERR_OUT_OF_MEMORY:
        leave(at, PAPILLA_CODEC_OUT_OF_MEMORY);
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
        leave(at, PAPILLA_CODEC_TOO_LARGE);
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
        leave(at, PAPILLA_CODEC_UNSUPPORTED);
    default:
        leave(at, PAPILLA_CODEC_CORRUPT);
    }
}

// Some cameras pad with zeros before the last marker. Nothing of the picture is lost there; any other stray bytes are damage.
static bool is_padding_before_end(const session *at) {
    const int *facts = at->errors.msg_parm.i;
    if (facts[1] != 0xD9) return false;
    const uint8_t *end = at->jpeg.src->next_input_byte;
    size_t passed = (size_t)(end - at->bytes);
    size_t discarded = (size_t)facts[0];
    for (size_t back = 1; back <= discarded && back <= passed; back++) {
        uint8_t byte = *(end - back);
        if (byte != 0 && byte != 0xFF) return false;
    }
    return true;
}

// libjpeg goes on after a warning, with grey where the picture was. Here a warning about the data is the end.
static void on_message(j_common_ptr jpeg, int level) {
    if (level >= 0) return;
    session *at = jpeg->client_data;
    switch (jpeg->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_BOGUS_ICC:
        return;
    case JWRN_EXTRANEOUS_DATA:
        if (is_padding_before_end(at)) return;
        break;
    case JWRN_JPEG_EOF:
        take_message(jpeg);
        leave(at, PAPILLA_CODEC_TRUNCATED);
    default:
        break;
    }
    take_message(jpeg);
    leave(at, PAPILLA_CODEC_CORRUPT);
}

static void on_progress(j_common_ptr jpeg) {
    session *at = jpeg->client_data;
    if (at->jpeg.input_scan_number > SCAN_LIMIT) {
        note(at, "more than 200 scans");
        leave(at, PAPILLA_CODEC_CORRUPT);
    }
    for (int index = 0; index < at->jpeg.comps_in_scan; index++)
        at->components_seen |= 1u << at->jpeg.cur_comp_info[index]->component_index;
}

static void open_session(session *at, const uint8_t *bytes, papilla_image_details *details) {
    memset(at, 0, sizeof *at);
    at->details = details;
    at->bytes = bytes;
    details->orientation = 1;
    details->is_phantom = false;
    details->message[0] = 0;
    at->jpeg.err = jpeg_std_error(&at->errors);
    at->errors.error_exit = on_error;
    at->errors.emit_message = on_message;
    at->jpeg.client_data = at;
}

static void start(session *at, size_t count) {
    jpeg_create_decompress(&at->jpeg);
    at->progress.progress_monitor = on_progress;
    at->jpeg.progress = &at->progress;
    jpeg_mem_src(&at->jpeg, at->bytes, count);
    jpeg_save_markers(&at->jpeg, JPEG_COM, 64);
    jpeg_save_markers(&at->jpeg, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&at->jpeg, TRUE);
}

// The session stands in the caller's frame: what a longjmp finds there is then well defined.
static void read_header(session *at, size_t count, papilla_image_header *header) {
    if (setjmp(at->escape) == 0) {
        start(at, count);
        header->width = at->jpeg.image_width;
        header->height = at->jpeg.image_height;
        header->is_grey = at->jpeg.jpeg_color_space == JCS_GRAYSCALE;
    }
    jpeg_destroy_decompress(&at->jpeg);
}

papilla_codec_status papilla_jpeg_read_header(const uint8_t *bytes, size_t count, papilla_image_header *header,
                                              papilla_image_details *details) {
    session at;
    open_session(&at, bytes, details);
    read_header(&at, count, header);
    return at.status;
}

static void read_metadata(session *at) {
    for (jpeg_saved_marker_ptr marker = at->jpeg.marker_list; marker != NULL; marker = marker->next) {
        if (marker->marker == JPEG_COM && marker->data_length >= 7 && memcmp(marker->data, "PHANTOM", 7) == 0)
            at->details->is_phantom = true;
        if (marker->marker == JPEG_APP0 + 1 && marker->data_length > 6 && memcmp(marker->data, "Exif\0", 6) == 0 &&
            at->details->orientation == 1)
            at->details->orientation = papilla_exif_orientation(marker->data + 6, marker->data_length - 6);
    }
}

static uint8_t multiply(unsigned a, unsigned b) { return (uint8_t)((a * b + 127) / 255); }

// Photoshop and everything after it stores inverted CMYK together with an Adobe marker; without the marker it is plain ink.
static void convert_inks(const uint8_t *inks, uint8_t *row, size_t width, int channels, bool inverted) {
    uint8_t flip = inverted ? 0 : 255;
    for (size_t x = 0; x < width; x++, inks += 4, row += channels) {
        unsigned key = inks[3] ^ flip;
        unsigned red = multiply(inks[0] ^ flip, key);
        unsigned green = multiply(inks[1] ^ flip, key);
        unsigned blue = multiply(inks[2] ^ flip, key);
        if (channels == 1) {
            row[0] = (uint8_t)((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16);
        } else {
            row[0] = (uint8_t)red;
            row[1] = (uint8_t)green;
            row[2] = (uint8_t)blue;
        }
    }
}

// A file that ends properly may still lack whole scans: it would decode to a blurred or colourless picture.
static void require_complete_scans(session *at) {
    struct jpeg_decompress_struct *jpeg = &at->jpeg;
    bool complete = true;
    if (at->components_seen != 0)
        complete = at->components_seen == (1u << jpeg->num_components) - 1;
    if (jpeg->progressive_mode && jpeg->coef_bits != NULL)
        for (int component = 0; component < jpeg->num_components; component++)
            for (int coefficient = 0; coefficient < DCTSIZE2; coefficient++)
                complete = complete && jpeg->coef_bits[component][coefficient] == 0;
    if (complete) return;
    note(at, "the file ends before all of its scans were there");
    leave(at, PAPILLA_CODEC_CORRUPT);
}

static void read_rows(session *at, int channels, uint8_t *pixels, size_t capacity) {
    struct jpeg_decompress_struct *jpeg = &at->jpeg;
    size_t width = jpeg->image_width, height = jpeg->image_height;
    if (capacity / height / width < (size_t)channels) {
        note(at, "the buffer is smaller than the image");
        leave(at, PAPILLA_CODEC_TOO_LARGE);
    }
    bool inks = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = inks ? JCS_CMYK : channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->do_block_smoothing = FALSE;
    jpeg_start_decompress(jpeg);
    JSAMPARRAY ink_row = NULL;
    if (inks) ink_row = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, (JDIMENSION)(width * 4), 1);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = pixels + jpeg->output_scanline * width * (size_t)channels;
        if (inks) {
            jpeg_read_scanlines(jpeg, ink_row, 1);
            convert_inks(ink_row[0], row, width, channels, jpeg->saw_Adobe_marker);
        } else {
            jpeg_read_scanlines(jpeg, &row, 1);
        }
    }
    // Before the end of the session, which frees what this looks at; all scans have been read by now.
    require_complete_scans(at);
    jpeg_finish_decompress(jpeg);
}

static void read_pixels(session *at, size_t count, int channels, uint8_t *pixels, size_t capacity) {
    if (setjmp(at->escape) == 0) {
        start(at, count);
        read_metadata(at);
        read_rows(at, channels, pixels, capacity);
    }
    jpeg_destroy_decompress(&at->jpeg);
}

papilla_codec_status papilla_jpeg_read_pixels(const uint8_t *bytes, size_t count, int channels, uint8_t *pixels,
                                              size_t capacity, papilla_image_details *details) {
    session at;
    open_session(&at, bytes, details);
    read_pixels(&at, count, channels, pixels, capacity);
    return at.status;
}
