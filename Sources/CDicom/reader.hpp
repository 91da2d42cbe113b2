// One DICOM file in memory, read by DCMTK and OpenJPEG. Nothing here opens a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

using Bytes = std::vector<uint8_t>;

/// The reason why a file is not read. The code is one of Papilla's; the words go on after "The DICOM file".
struct Refusal : std::runtime_error {
    const char *code;
    Refusal(const char *code, const std::string &words) : std::runtime_error(words), code(code) {}
};

/// What the header says of the picture, checked.
struct Picture {
    uint32_t rows = 0, columns = 0, frames = 0, samples = 0, bitsAllocated = 0, bitsStored = 0;
    std::string photometric;
};

/// A frame: a JPEG file, or rows x columns x 3 bytes of RGB.
struct Frame {
    bool isJpeg = false;
    Bytes bytes;
};

class Reader {
  public:
    /// Prepares what reads files of the system: the dictionary, the decoders, character sets. False: there is no
    /// dictionary.
    static bool prepare();

    /// Reads the data set.
    Reader(const void *bytes, size_t count);

    /// A value as it stands in the file; "" where there is none.
    std::string raw(uint16_t group, uint16_t element);

    /// A value as UTF-8, its parts separated by backslashes; "" where there is none.
    ///
    /// Throws a refusal for what is not written in the character set that the file names.
    std::string text(uint16_t group, uint16_t element);

    const char *syntax() const;

    /// The eye that all frames are said to show, in the groups that enhanced objects have for them: R, L; B where they
    /// differ; "" where nothing is said.
    std::string frameLaterality();

    /// Checks the picture's attributes against the file's size and a limit of pixels in a frame.
    Picture picture(uint64_t maximumPixels);

    /// A frame of the picture that was checked, counted from 0.
    Frame frame(uint32_t number);

    /// The ICC profile of the picture's colours, or so much of it; empty where there is none.
    Bytes profile(size_t longest);

  private:
    DcmFileFormat file;
    E_TransferSyntax transfer = EXS_Unknown;
    size_t fileBytes;
    Picture known;

    DcmDataset *data() { return file.getDataset(); }
    /// Whether grey values are shown by a window or a table.
    bool hasTable();
    Bytes codestream(uint32_t number);
    /// Checks the table of a run-length encoded frame, whose places DCMTK goes to unseen.
    void checkRuns(const Bytes &frame) const;
    Bytes decoded(uint32_t number);
};

/// From a JPEG 2000 codestream to rows x columns x 3 bytes.
Bytes decodeJpeg2000(const Bytes &codestream, const Picture &picture);

/// Width and height that a JPEG tells of itself; false where it does not.
bool jpegSize(const Bytes &jpeg, uint32_t &width, uint32_t &height);

/// Whether a JPEG is a JFIF file: YCbCr, whatever else is said.
bool isJfif(const Bytes &jpeg);

/// Takes out of a JPEG what would turn it (EXIF), and what follows its end.
void tidyJpeg(Bytes &jpeg);
