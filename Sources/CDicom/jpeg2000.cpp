#include "reader.hpp"

#include <algorithm>
#include <cstring>

#include <openjpeg-2.5/openjpeg.h>

namespace {

struct Source {
    const Bytes &bytes;
    size_t at = 0;
};

OPJ_SIZE_T read(void *to, OPJ_SIZE_T count, void *user) {
    auto &source = *static_cast<Source *>(user);
    size_t rest = source.bytes.size() - source.at;
    if (rest == 0) {
        return OPJ_SIZE_T(-1);
    }
    count = std::min<size_t>(count, rest);
    memcpy(to, source.bytes.data() + source.at, count);
    source.at += count;
    return count;
}

OPJ_OFF_T skip(OPJ_OFF_T count, void *user) {
    auto &source = *static_cast<Source *>(user);
    if (count < 0 || size_t(count) > source.bytes.size() - source.at) {
        return -1;
    }
    source.at += size_t(count);
    return count;
}

OPJ_BOOL seek(OPJ_OFF_T place, void *user) {
    auto &source = *static_cast<Source *>(user);
    if (place < 0 || size_t(place) > source.bytes.size()) {
        return OPJ_FALSE;
    }
    source.at = size_t(place);
    return OPJ_TRUE;
}

/// A sample of a component, 0...255.
int level(const opj_image_comp_t &component, size_t index) {
    int bits = int(component.prec);
    int value = component.data[index] + (component.sgnd ? 1 << (bits - 1) : 0);
    value = bits > 8 ? value >> (bits - 8) : bits < 8 ? value * 255 / ((1 << bits) - 1) : value;
    return std::clamp(value, 0, 255);
}

uint8_t rounded(double value) { return uint8_t(std::clamp(value + 0.5, 0.0, 255.0)); }

Refusal damaged(const char *words) { return Refusal("corrupt", words); }

} // namespace

Bytes decodeJpeg2000(const Bytes &codestream, const Picture &picture) {
    if (picture.photometric == "PALETTE COLOR") {
        throw Refusal("unsupported_format", "has a palette in JPEG 2000, which is not read");
    }
    Source source{codestream};
    bool isFile = codestream.size() > 12 && memcmp(codestream.data() + 4, "jP  ", 4) == 0;
    std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)> codec(
        opj_create_decompress(isFile ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K), opj_destroy_codec
    );
    std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)> stream(
        opj_stream_create(1 << 16, OPJ_TRUE), opj_stream_destroy
    );
    if (!codec || !stream) {
        throw std::bad_alloc();
    }
    opj_stream_set_user_data(stream.get(), &source, nullptr);
    opj_stream_set_user_data_length(stream.get(), codestream.size());
    opj_stream_set_read_function(stream.get(), read);
    opj_stream_set_skip_function(stream.get(), skip);
    opj_stream_set_seek_function(stream.get(), seek);
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    if (!opj_setup_decoder(codec.get(), &parameters)) {
        throw Refusal("internal", "could not be read: the decoder was not set up");
    }
    // A codestream that is cut short is an error and not a picture.
    opj_decoder_set_strict_mode(codec.get(), OPJ_TRUE);
    opj_image_t *header = nullptr;
    if (!opj_read_header(stream.get(), codec.get(), &header)) {
        throw damaged("has a damaged JPEG 2000 header");
    }
    std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)> image(header, opj_image_destroy);
    // Compared before anything of that size is allocated.
    uint32_t width = picture.columns, height = picture.rows;
    if (image->x1 - image->x0 != width || image->y1 - image->y0 != height ||
        (image->numcomps != 1 && image->numcomps != 3)) {
        throw damaged("holds a JPEG 2000 picture of another size than it says");
    }
    if (!opj_decode(codec.get(), stream.get(), image.get()) || !opj_end_decompress(codec.get(), stream.get())) {
        throw damaged("has damaged JPEG 2000 data");
    }
    for (uint32_t index = 0; index < image->numcomps; index++) {
        auto &component = image->comps[index];
        if (component.w != width || component.h != height || !component.data || component.prec < 1 ||
            component.prec > 16) {
            throw damaged("has a JPEG 2000 component of another size than its picture");
        }
    }
    bool isColour = image->numcomps == 3;
    bool isYcc = isColour && picture.photometric == "YBR_FULL";
    bool isInverse = picture.photometric == "MONOCHROME1";
    Bytes rgb(size_t(width) * height * 3);
    for (size_t index = 0, count = size_t(width) * height; index < count; index++) {
        int first = level(image->comps[0], index);
        int second = isColour ? level(image->comps[1], index) : first;
        int third = isColour ? level(image->comps[2], index) : first;
        if (isInverse) {
            first = second = third = 255 - first;
        }
        uint8_t *pixel = &rgb[3 * index];
        if (isYcc) {
            double blue = second - 128.0, red = third - 128.0;
            pixel[0] = rounded(first + 1.402 * red);
            pixel[1] = rounded(first - 0.344136 * blue - 0.714136 * red);
            pixel[2] = rounded(first + 1.772 * blue);
        } else {
            pixel[0] = uint8_t(first);
            pixel[1] = uint8_t(second);
            pixel[2] = uint8_t(third);
        }
    }
    return rgb;
}
