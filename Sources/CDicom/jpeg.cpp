#include "reader.hpp"

#include <cstring>

// A segment of a JPEG: its marker, and where it begins and ends. False at the picture's data, and where no segment is.
static bool segment(const Bytes &jpeg, size_t &at, uint8_t &marker, size_t &end) {
    while (at + 1 < jpeg.size() && jpeg[at] == 0xFF && jpeg[at + 1] == 0xFF) {
        at++;
    }
    if (at + 4 > jpeg.size() || jpeg[at] != 0xFF) {
        return false;
    }
    marker = jpeg[at + 1];
    // Marks of no length are none of a header's, and DCMTK goes round and round at one.
    if (marker < 0xC0 || (marker >= 0xD0 && marker <= 0xD9)) {
        return false;
    }
    end = at + 2 + (size_t(jpeg[at + 2]) << 8 | jpeg[at + 3]);
    return marker != 0xDA && end <= jpeg.size() && end >= at + 4;
}

bool jpegSize(const Bytes &jpeg, uint32_t &width, uint32_t &height) {
    uint8_t marker;
    if (jpeg.size() < 2 || jpeg[0] != 0xFF || jpeg[1] != 0xD8) {
        return false;
    }
    for (size_t at = 2, end; segment(jpeg, at, marker, end); at = end) {
        bool isFrame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
        // JPEG-LS has a frame's header of its own.
        if ((isFrame || marker == 0xF7) && end >= at + 9) {
            height = uint32_t(jpeg[at + 5]) << 8 | jpeg[at + 6];
            width = uint32_t(jpeg[at + 7]) << 8 | jpeg[at + 8];
            return true;
        }
    }
    return false;
}

bool isJfif(const Bytes &jpeg) { return jpeg.size() > 11 && memcmp(jpeg.data() + 6, "JFIF", 4) == 0; }

void tidyJpeg(Bytes &jpeg) {
    // A byte that makes the length even, after the end of the image.
    while (jpeg.size() > 4 && jpeg.back() == 0 && !(jpeg[jpeg.size() - 2] == 0xFF)) {
        jpeg.pop_back();
    }
    uint8_t marker;
    size_t end;
    for (size_t at = 2; segment(jpeg, at, marker, end);) {
        // The camera's orientation is none of DICOM's, whose rows are the picture's.
        if (marker == 0xE1 && end >= at + 8 && memcmp(&jpeg[at + 4], "Exif", 4) == 0) {
            jpeg.erase(jpeg.begin() + ptrdiff_t(at), jpeg.begin() + ptrdiff_t(end));
        } else {
            at = end;
        }
    }
}
