// For memmem.
#define _GNU_SOURCE

#include "CImageCodecs.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "colour.h"
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
    size_t count;
    papilla_colour *colour;
    bool converts_grey;       // whether `colour` takes one channel
    unsigned components_seen; // one bit for each component that a scan has delivered
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

// Whether the header leaves the height to a segment (DNL) after the first scan: T.81, B.2.5.
static bool has_late_height(const session *at) {
    if (at->jpeg.image_height != 0 || at->jpeg.image_width == 0 || at->jpeg.num_components == 0)
        return false;
    static const uint8_t segment[] = {0xFF, 0xDC, 0x00, 0x04};
    return memmem(at->bytes, at->count, segment, sizeof segment) != NULL;
}

static void on_error(j_common_ptr jpeg) {
    session *at = jpeg->client_data;
    take_message(jpeg);
    switch (jpeg->err->msg_code) {
    case JERR_EMPTY_IMAGE:
        if (has_late_height(at)) {
            note(at, "its height comes after its first scan (DNL)");
            leave(at, PAPILLA_CODEC_UNSUPPORTED);
        }
        leave(at, PAPILLA_CODEC_CORRUPT);
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

// Bytes between two segments of which nothing of the picture is lost: anything before the first scan, as long as no
// Adobe segment hides in it, which says what the colours mean (tables that hide there are missed later), and the zeros
// that some cameras put before the last marker.
static bool is_harmless(const session *at) {
    const int *facts = at->errors.msg_parm.i;
    const uint8_t *end = at->jpeg.src->next_input_byte;
    size_t passed = (size_t)(end - at->bytes);
    size_t discarded = (size_t)facts[0] < passed ? (size_t)facts[0] : passed;
    if (at->jpeg.input_scan_number == 0)
        return memmem(end - discarded, discarded, "Adobe", 5) == NULL;
    if (facts[1] != 0xD9)
        return false;
    for (const uint8_t *byte = end - discarded; byte < end; byte++)
        if (*byte != 0 && *byte != 0xFF)
            return false;
    return true;
}

// libjpeg goes on after a warning, with grey where the picture was. Here a warning about the data is the end, but for
// these: a newer JFIF version (its pixels are the same), a profile that is told of elsewhere, and bytes of which
// nothing is lost.
static void on_message(j_common_ptr jpeg, int level) {
    if (level >= 0)
        return;
    session *at = jpeg->client_data;
    switch (jpeg->err->msg_code) {
    case JWRN_JFIF_MAJOR:
    case JWRN_BOGUS_ICC:
        return;
    case JWRN_EXTRANEOUS_DATA:
        if (is_harmless(at))
            return;
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

static void open_session(session *at, const uint8_t *bytes, size_t count, papilla_image_details *details) {
    memset(at, 0, sizeof *at);
    at->details = details;
    at->bytes = bytes;
    at->count = count;
    *details = (papilla_image_details){.orientation = 1};
    at->jpeg.err = jpeg_std_error(&at->errors);
    at->errors.error_exit = on_error;
    at->errors.emit_message = on_message;
    at->jpeg.client_data = at;
}

static void start(session *at) {
    jpeg_create_decompress(&at->jpeg);
    at->progress.progress_monitor = on_progress;
    at->jpeg.progress = &at->progress;
    jpeg_mem_src(&at->jpeg, at->bytes, at->count);
    jpeg_save_markers(&at->jpeg, JPEG_COM, 64);
    jpeg_save_markers(&at->jpeg, JPEG_APP0 + 1, 0xFFFF);
    jpeg_save_markers(&at->jpeg, JPEG_APP0 + 2, 0xFFFF);
    jpeg_read_header(&at->jpeg, TRUE);
}

// The session stands in the caller's frame: what a longjmp finds there is then well defined.
static void read_header(session *at, papilla_image_header *header) {
    if (setjmp(at->escape) == 0) {
        start(at);
        header->width = at->jpeg.image_width;
        header->height = at->jpeg.image_height;
        header->is_grey = at->jpeg.jpeg_color_space == JCS_GRAYSCALE;
    }
    jpeg_destroy_decompress(&at->jpeg);
}

papilla_codec_status papilla_jpeg_read_header(
    const uint8_t *bytes, size_t count, papilla_image_header *header, papilla_image_details *details
) {
    session at;
    open_session(&at, bytes, count, details);
    read_header(&at, header);
    return at.status;
}

// Whether a segment begins with a name and the zero byte behind it; `*after` is then where its content begins.
static bool has_name(jpeg_saved_marker_ptr segment, const char *name, size_t *after) {
    *after = strlen(name) + 1;
    return segment->data_length >= *after && memcmp(segment->data, name, *after) == 0;
}

// EXIF counts over XMP, and of several segments the first one that is understood.
static void read_metadata(session *at) {
    static const char exif[] = "Exif", xmp[] = "http://ns.adobe.com/xap/1.0/";
    int by_exif = 0, by_xmp = 0;
    for (jpeg_saved_marker_ptr marker = at->jpeg.marker_list; marker != NULL; marker = marker->next) {
        size_t after;
        if (marker->marker == JPEG_COM && marker->data_length >= 7 && memcmp(marker->data, "PHANTOM", 7) == 0)
            at->details->is_phantom = true;
        if (marker->marker != JPEG_APP0 + 1)
            continue;
        // One more byte stands between EXIF's name and its content.
        if (by_exif == 0 && has_name(marker, exif, &after) && marker->data_length > after)
            by_exif = papilla_exif_orientation(marker->data + after + 1, marker->data_length - after - 1);
        if (by_xmp == 0 && has_name(marker, xmp, &after))
            by_xmp = papilla_xmp_orientation(marker->data + after, marker->data_length - after);
    }
    at->details->orientation = by_exif != 0 ? by_exif : by_xmp != 0 ? by_xmp : 1;
}

// A profile stands in one APP2 segment or in several.
static void read_colour(session *at) {
    struct jpeg_decompress_struct *jpeg = &at->jpeg;
    papilla_pixels pixels = PAPILLA_PIXELS_RGB;
    if (jpeg->jpeg_color_space == JCS_GRAYSCALE)
        pixels = PAPILLA_PIXELS_GREY;
    bool has_inks = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
    if (has_inks)
        pixels = jpeg->saw_Adobe_marker ? PAPILLA_PIXELS_INKS_INVERTED : PAPILLA_PIXELS_INKS;
    bool has_segment = false;
    for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker != NULL; marker = marker->next) {
        size_t after;
        has_segment = has_segment || (marker->marker == JPEG_APP0 + 2 && has_name(marker, "ICC_PROFILE", &after));
    }
    JOCTET *profile = NULL;
    unsigned count = 0;
    if (has_segment && jpeg_read_icc_profile(jpeg, &profile, &count)) {
        at->colour = papilla_colour_of_profile(profile, count, pixels, false, at->details);
        // Grey files with a profile for colours are common: three equal channels are what it is for.
        at->converts_grey = pixels == PAPILLA_PIXELS_GREY && at->colour != NULL;
        if (pixels == PAPILLA_PIXELS_GREY && at->details->colour_problem[0] != 0)
            at->colour = papilla_colour_of_profile(profile, count, PAPILLA_PIXELS_RGB, false, at->details);
        free(profile);
    } else if (has_segment) {
        papilla_colour_note(at->details, "unreadable profile", "its segments do not fit together");
    }
    if (has_inks && !has_segment)
        papilla_colour_note(at->details, "CMYK", "inks without a profile have no colours of their own");
}

static uint8_t multiply(unsigned a, unsigned b) { return (uint8_t)((a * b + 127) / 255); }

// Photoshop and everything after it stores inverted CMYK together with an Adobe marker; without the marker it is plain
// ink.
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
    if (complete)
        return;
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
    if (channels == 3)
        read_colour(at);
    bool grey = channels == 1 || at->converts_grey;
    jpeg->out_color_space = inks ? JCS_CMYK : grey ? JCS_GRAYSCALE : JCS_RGB;
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->do_block_smoothing = FALSE;
    jpeg_start_decompress(jpeg);
    JSAMPARRAY stored = NULL; // a row that is to be converted
    if (inks || at->colour != NULL)
        stored = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, (JDIMENSION)(width * 4), 1);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = pixels + jpeg->output_scanline * width * (size_t)channels;
        if (at->colour != NULL) {
            jpeg_read_scanlines(jpeg, stored, 1);
            papilla_colour_convert(at->colour, stored[0], row, width);
        } else if (inks) {
            jpeg_read_scanlines(jpeg, stored, 1);
            convert_inks(stored[0], row, width, channels, jpeg->saw_Adobe_marker);
        } else {
            jpeg_read_scanlines(jpeg, &row, 1);
        }
    }
    // Before the end of the session, which frees what this looks at; all scans have been read by now.
    require_complete_scans(at);
    jpeg_finish_decompress(jpeg);
}

static void read_pixels(session *at, int channels, uint8_t *pixels, size_t capacity) {
    if (setjmp(at->escape) == 0) {
        start(at);
        read_metadata(at);
        read_rows(at, channels, pixels, capacity);
    }
    papilla_colour_free(at->colour);
    jpeg_destroy_decompress(&at->jpeg);
}

papilla_codec_status papilla_jpeg_read_pixels(
    const uint8_t *bytes, size_t count, int channels, uint8_t *pixels, size_t capacity, papilla_image_details *details
) {
    session at;
    open_session(&at, bytes, count, details);
    read_pixels(&at, channels, pixels, capacity);
    return at.status;
}
