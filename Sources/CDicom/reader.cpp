#include "reader.hpp"

#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcspchrs.h>
#include <dcmtk/dcmimage/diregist.h> // colour models
#include <dcmtk/dcmimgle/dcmimage.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>
#include <iconv.h>

#include <algorithm>

namespace {

/// The C library's names of the character sets that DICOM files name.
const char *const characterSets[] = {
    "ISO-8859-1", "ISO-8859-2", "ISO-8859-3", "ISO-8859-4",  "ISO-8859-5", "ISO-8859-6",
    "ISO-8859-7", "ISO-8859-8", "ISO-8859-9", "ISO-8859-15", "ISO-IR-166", "JIS_X0201",
    "ISO-IR-87",  "ISO-IR-159", "EUC-KR",     "GB18030",     "GB2312",     "GBK",
};

bool isJpeg(E_TransferSyntax transfer) {
    return transfer == EXS_JPEGProcess1 || transfer == EXS_JPEGProcess2_4 || transfer == EXS_JPEGProcess14 ||
           transfer == EXS_JPEGProcess14SV1;
}

bool isJpegLs(E_TransferSyntax transfer) { return transfer == EXS_JPEGLSLossless || transfer == EXS_JPEGLSLossy; }

Refusal corrupt(const std::string &words) { return Refusal("corrupt", words); }

} // namespace

bool Reader::prepare() {
    // DCMTK would print values of tags otherwise.
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    DJDecoderRegistration::registerCodecs(EDC_photometricInterpretation);
    DJLSDecoderRegistration::registerCodecs();
    DcmRLEDecoderRegistration::registerCodecs();
    // Never closed: their tables stay loaded, and nothing needs to be opened later.
    for (const char *name : characterSets) {
        iconv_open("UTF-8", name);
    }
    return dcmDataDict.isDictionaryLoaded();
}

Reader::Reader(const void *bytes, size_t count) : fileBytes(count) {
    DcmInputBufferStream stream;
    stream.setBuffer(bytes, offile_off_t(count));
    stream.setEos();
    file.transferInit();
    OFCondition result = file.read(stream, EXS_Unknown, EGL_noChange);
    file.transferEnd();
    if (result.bad()) {
        throw corrupt(std::string("could not be read: ") + result.text());
    }
    transfer = data()->getOriginalXfer();
}

const char *Reader::syntax() const { return DcmXfer(transfer).getXferID(); }

std::string Reader::raw(uint16_t group, uint16_t element) {
    OFString value;
    if (data()->findAndGetOFStringArray(DcmTagKey(group, element), value).bad()) {
        return "";
    }
    return std::string(value.c_str(), value.length());
}

/// Whether bytes are UTF-8 (RFC 3629, section 4): without surrogates, and no longer than needed.
static bool isUtf8(const std::string &text) {
    for (size_t i = 0; i < text.size();) {
        auto at = [&](size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0; };
        unsigned lead = at(i);
        if (lead >= 0x80 && (lead < 0xC2 || lead > 0xF4)) {
            return false;
        }
        size_t more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
        for (size_t k = 1; k <= more; k++) {
            if ((at(i + k) & 0xC0) != 0x80) {
                return false;
            }
        }
        unsigned next = at(i + 1);
        if ((lead == 0xE0 && next < 0xA0) || (lead == 0xED && next > 0x9F) || (lead == 0xF0 && next < 0x90) ||
            (lead == 0xF4 && next > 0x8F)) {
            return false;
        }
        i += more + 1;
    }
    return true;
}

std::string Reader::text(uint16_t group, uint16_t element) {
    OFString converted, names;
    std::string plain = raw(group, element);
    bool isAscii = std::all_of(plain.begin(), plain.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x80 && letter != 0x1B;
    });
    if (isAscii) {
        return plain;
    }
    data()->findAndGetOFStringArray(DCM_SpecificCharacterSet, names);
    if (names == "ISO_IR 192") {
        if (!isUtf8(plain)) {
            throw corrupt("has text in a character set that it does not name");
        }
        return plain;
    }
    DcmSpecificCharacterSet set;
    if (names.empty() || set.selectCharacterSet(names).bad() ||
        set.convertString(OFString(plain.data(), plain.size()), converted, "\\^=").bad()) {
        throw corrupt("has text in a character set that it does not name");
    }
    return std::string(converted.c_str(), converted.length());
}

std::string Reader::frameLaterality() {
    std::string found;
    for (const DcmTagKey &key : {DCM_SharedFunctionalGroupsSequence, DCM_PerFrameFunctionalGroupsSequence}) {
        DcmSequenceOfItems *groups = nullptr, *anatomy = nullptr;
        if (data()->findAndGetSequence(key, groups).bad()) {
            continue;
        }
        // An item asked for by its number is looked for from the first.
        for (DcmObject *item = nullptr; (item = groups->nextInContainer(item)) != nullptr;) {
            OFString side;
            auto group = dynamic_cast<DcmItem *>(item);
            if (!group || group->findAndGetSequence(DCM_FrameAnatomySequence, anatomy).bad() || anatomy->card() == 0 ||
                anatomy->getItem(0)->findAndGetOFString(DCM_FrameLaterality, side).bad() || side.empty()) {
                continue;
            }
            if (!found.empty() && found != side.c_str()) {
                return "B";
            }
            found = side.c_str();
        }
    }
    return found;
}

Bytes Reader::profile(size_t longest) {
    // A grey picture's values are shown by windows and tables, and not by a profile of colours.
    if (known.samples != 3 && known.photometric != "PALETTE COLOR") {
        return {};
    }
    DcmItem *path = nullptr;
    const Uint8 *content = nullptr;
    unsigned long count = 0;
    bool isThere = data()->findAndGetUint8Array(DCM_ICCProfile, content, &count).good() && content && count > 0;
    if (!isThere && data()->findAndGetSequenceItem(DCM_OpticalPathSequence, path, 0).good()) {
        isThere = path->findAndGetUint8Array(DCM_ICCProfile, content, &count).good() && content && count > 0;
    }
    return isThere ? Bytes(content, content + std::min<size_t>(count, longest)) : Bytes();
}

Picture Reader::picture(uint64_t maximumPixels) {
    Uint16 rows = 0, columns = 0, samples = 0, allocated = 0, stored = 0;
    Sint32 frames = 1;
    data()->findAndGetUint16(DCM_Rows, rows);
    data()->findAndGetUint16(DCM_Columns, columns);
    data()->findAndGetUint16(DCM_SamplesPerPixel, samples);
    data()->findAndGetUint16(DCM_BitsAllocated, allocated);
    data()->findAndGetUint16(DCM_BitsStored, stored);
    if (data()->tagExistsWithValue(DCM_NumberOfFrames) && data()->findAndGetSint32(DCM_NumberOfFrames, frames).bad()) {
        throw corrupt("has a number of frames that is no number");
    }
    if (!data()->tagExists(DCM_PixelData)) {
        throw Refusal("unsupported_format", "holds no picture");
    }
    if (rows == 0 || columns == 0) {
        throw corrupt("holds a picture without rows or columns");
    }
    if (frames < 1) {
        throw corrupt("has a number of frames below 1");
    }
    if (uint64_t(rows) * columns > maximumPixels) {
        throw Refusal(
            "too_large", "holds a picture of " + std::to_string(columns) + " x " + std::to_string(rows) +
                             " pixels; at most " + std::to_string(maximumPixels) + " are read"
        );
    }
    if (samples != 1 && samples != 3) {
        throw Refusal("unsupported_format", "has " + std::to_string(samples) + " samples a pixel; 1 or 3 are read");
    }
    if (allocated != 8 && allocated != 16) {
        throw Refusal("unsupported_format", "has " + std::to_string(allocated) + " bits a sample; 8 or 16 are read");
    }
    if (stored < 1 || stored > allocated) {
        throw corrupt("has samples of more bits than there is room for");
    }
    OFString photometric;
    data()->findAndGetOFString(DCM_PhotometricInterpretation, photometric);
    known = {rows, columns, uint32_t(frames), samples, allocated, stored, photometric.c_str()};
    if (DcmXfer(transfer).isEncapsulated()) {
        DcmElement *element = nullptr;
        DcmPixelSequence *sequence = nullptr;
        if (data()->findAndGetElement(DCM_PixelData, element).bad() || element->ident() != EVR_PixelData ||
            static_cast<DcmPixelData *>(element)->getEncapsulatedRepresentation(transfer, nullptr, sequence).bad()) {
            throw corrupt("has compressed pixels without fragments");
        }
        // The first is the table of offsets.
        if (sequence->card() <= known.frames) {
            throw Refusal("corrupt", "has fewer compressed frames than it says");
        }
        if (photometric == "RGB" && (transfer == EXS_JPEGProcess1 || transfer == EXS_JPEGProcess2_4) &&
            isJfif(codestream(0))) {
            known.photometric = "YBR_FULL_422";
            data()->putAndInsertString(DCM_PhotometricInterpretation, "YBR_FULL_422");
        }
    } else {
        uint64_t bytes = uint64_t(rows) * columns * samples * (allocated / 8) * uint64_t(frames);
        if (photometric == "YBR_FULL_422") {
            bytes = bytes / 3 * 2;
        }
        if (bytes > fileBytes) {
            throw Refusal("corrupt", "has fewer pixels than its rows, columns and frames need");
        }
    }
    return known;
}

Bytes Reader::codestream(uint32_t number) {
    DcmElement *element = nullptr;
    DcmPixelSequence *sequence = nullptr;
    Uint32 from = 0, to = 0;
    if (data()->findAndGetElement(DCM_PixelData, element).bad() || element->ident() != EVR_PixelData ||
        static_cast<DcmPixelData *>(element)->getEncapsulatedRepresentation(transfer, nullptr, sequence).bad() ||
        DcmCodec::determineStartFragment(number, Sint32(known.frames), sequence, from).bad()) {
        throw corrupt("has no fragment where a frame should begin");
    }
    to = Uint32(sequence->card());
    if (number + 1 < known.frames) {
        if (DcmCodec::determineStartFragment(number + 1, Sint32(known.frames), sequence, to).bad() || to <= from) {
            throw corrupt("has no fragment where a frame should begin");
        }
    }
    Bytes bytes;
    for (Uint32 index = from; index < to; index++) {
        DcmPixelItem *item = nullptr;
        Uint8 *content = nullptr;
        if (sequence->getItem(item, index).bad()) {
            throw corrupt("has a fragment that cannot be read");
        }
        if (item->getLength() == 0) {
            continue;
        }
        if (item->getUint8Array(content).bad() || !content) {
            throw corrupt("has a fragment that cannot be read");
        }
        bytes.insert(bytes.end(), content, content + item->getLength());
    }
    uint32_t width = 0, height = 0;
    if (isJpeg(transfer) || isJpegLs(transfer)) {
        // DCMTK decodes a smaller one without a word and leaves the rest of the picture as it was.
        if (!jpegSize(bytes, width, height)) {
            throw corrupt("has a JPEG picture without a size");
        }
        if (width != known.columns || height != known.rows) {
            throw corrupt("holds a JPEG picture of another size than it says");
        }
    }
    return bytes;
}

void Reader::checkRuns(const Bytes &frame) const {
    // A table of 64 bytes: how many segments there are, one a byte of a pixel, and where each begins (PS3.5, annex G).
    auto number = [&frame](size_t at) {
        return uint32_t(frame[at]) | uint32_t(frame[at + 1]) << 8 | uint32_t(frame[at + 2]) << 16 |
               uint32_t(frame[at + 3]) << 24;
    };
    uint32_t segments = known.samples * (known.bitsAllocated / 8);
    bool isSound = frame.size() >= 64 && number(0) == segments && segments <= 15;
    uint64_t begin = 64;
    for (uint32_t index = 0; isSound && index < segments; index++) {
        uint64_t place = number(4 + 4 * size_t(index));
        isSound = place >= begin && place < frame.size();
        begin = place + 1;
    }
    if (!isSound) {
        throw corrupt("has a frame whose table of segments is damaged");
    }
}

bool Reader::hasTable() {
    for (const DcmTagKey &key :
         {DCM_WindowCenter, DCM_RescaleSlope, DCM_VOILUTSequence, DCM_ModalityLUTSequence, DCM_PresentationLUTShape}) {
        if (data()->tagExists(key)) {
            return true;
        }
    }
    return false;
}

Frame Reader::frame(uint32_t number) {
    if (number >= known.frames) {
        throw Refusal("internal", "was asked for a frame that it does not have");
    }
    if (transfer == EXS_JPEG2000 || transfer == EXS_JPEG2000LosslessOnly) {
        return {false, decodeJpeg2000(codestream(number), known)};
    }
    // A grey one passes where nothing is to be done with its values.
    bool isPlain = known.samples == 3 ? known.photometric != "RGB"
                                      : known.photometric == "MONOCHROME2" && known.bitsStored == 8 && !hasTable();
    if (transfer == EXS_JPEGProcess1 && isPlain) {
        Frame frame{true, codestream(number)};
        tidyJpeg(frame.bytes);
        return frame;
    }
    if (isJpeg(transfer) || isJpegLs(transfer)) {
        codestream(number); // for its checks
    } else if (transfer == EXS_RLELossless) {
        checkRuns(codestream(number));
    }
    return {false, decoded(number)};
}

Bytes Reader::decoded(uint32_t number) {
    DicomImage image(&file, transfer, CIF_UsePartialAccessToPixelData, number, 1);
    if (image.getStatus() != EIS_Normal) {
        throw corrupt(std::string("could not be decoded: ") + DicomImage::getString(image.getStatus()));
    }
    if (image.getWidth() != known.columns || image.getHeight() != known.rows) {
        throw corrupt("holds a picture of another size than it says");
    }
    image.hideAllOverlays();
    size_t pixels = size_t(known.rows) * known.columns;
    Bytes rgb(3 * pixels);
    if (!image.isMonochrome()) {
        if (!image.getOutputData(rgb.data(), rgb.size(), 8, 0, 0)) {
            throw corrupt("could not be shown in colour");
        }
        return rgb;
    }
    // By its window where it has one, else from its darkest to its brightest where there are more than 256 levels.
    if (known.bitsStored > 8 && !(image.getWindowCount() > 0 && image.setWindow(0))) {
        image.setMinMaxWindow();
    }
    if (!image.getOutputData(rgb.data(), pixels, 8, 0)) {
        throw corrupt("could not be shown in grey");
    }
    for (size_t index = pixels; index-- > 0;) {
        rgb[3 * index] = rgb[3 * index + 1] = rgb[3 * index + 2] = rgb[index];
    }
    return rgb;
}
