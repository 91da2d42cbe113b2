// papilla-dicom FRAME PIXELS: reads the DICOM file that is its standard input. The only program that sees what is in
// one.
//
// FRAME is counted from 1; 0 asks for the header alone, and the file may then end before its pixels. PIXELS is the
// largest picture that is read. It answers with a line of JSON, the bytes of the frame, a JPEG file or RGB, and those of
// its colour profile, on standard output, and ends with 0; what it does not read is a `refused` in the answer. Whatever else happens is a
// crash, and its caller counts on it.

#include "reader.hpp"
#include "sandbox.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

/// The answer's form; Papilla refuses any other.
constexpr int version = 2;

struct Tag {
    const char *name;
    uint16_t group, element;
};

/// The values that are answered with. Neither a person's name nor birth date nor sex is among them.
const Tag tags[] = {
    {"sop_class", 0x0008, 0x0016},        {"study_date", 0x0008, 0x0020},   {"acquisition_date", 0x0008, 0x0022},
    {"content_date", 0x0008, 0x0023},     {"acquisition", 0x0008, 0x002A},  {"study_time", 0x0008, 0x0030},
    {"acquisition_time", 0x0008, 0x0032}, {"content_time", 0x0008, 0x0033}, {"accession", 0x0008, 0x0050},
    {"modality", 0x0008, 0x0060},         {"manufacturer", 0x0008, 0x0070}, {"zone", 0x0008, 0x0201},
    {"operator", 0x0008, 0x1070},         {"model", 0x0008, 0x1090},        {"patient", 0x0010, 0x0020},
    {"issuer", 0x0010, 0x0021},           {"study", 0x0020, 0x000D},        {"laterality", 0x0020, 0x0060},
    {"image_laterality", 0x0020, 0x0062}, {"burned_in", 0x0028, 0x0301},    {"character_set", 0x0008, 0x0005},
};
/// Longer values are cut; Papilla takes none of more than 1024 bytes.
constexpr size_t longest = 1100;
/// A longer colour profile is cut; Papilla uses none of more than 4 MiB.
constexpr size_t longestProfile = (size_t(4) << 20) + 1;

/// A JSON string. Bytes that are no UTF-8 become U+FFFD.
std::string quoted(const std::string &text) {
    std::string json = "\"";
    for (size_t at = 0; at < text.size();) {
        auto byte = static_cast<unsigned char>(text[at]);
        if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7F) {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", byte);
            json += escape;
            at++;
            continue;
        }
        size_t count = byte < 0x80                   ? 1
                       : byte >= 0xC2 && byte < 0xE0 ? 2
                       : byte >= 0xE0 && byte < 0xF0 ? 3
                       : byte >= 0xF0 && byte < 0xF5 ? 4
                                                     : 0;
        bool isSound = count > 0 && at + count <= text.size();
        for (size_t next = 1; isSound && next < count; next++) {
            isSound = (static_cast<unsigned char>(text[at + next]) & 0xC0) == 0x80;
        }
        if (isSound && count > 2) {
            auto second = static_cast<unsigned char>(text[at + 1]);
            // Overlong forms, surrogates, and what is beyond Unicode.
            isSound = !(byte == 0xE0 && second < 0xA0) && !(byte == 0xED && second > 0x9F) &&
                      !(byte == 0xF0 && second < 0x90) && !(byte == 0xF4 && second > 0x8F);
        }
        json += isSound ? text.substr(at, count) : "\xEF\xBF\xBD";
        at += isSound ? count : 1;
    }
    return json + "\"";
}

/// Bytes as hexadecimal digits.
std::string hexadecimal(const std::string &bytes) {
    std::string digits;
    for (char byte : bytes) {
        char pair[3];
        snprintf(pair, sizeof pair, "%02x", static_cast<unsigned char>(byte));
        digits += pair;
    }
    return digits;
}

void send(const void *bytes, size_t count) {
    auto at = static_cast<const char *>(bytes);
    while (count > 0) {
        ssize_t sent = write(STDOUT_FILENO, at, count);
        if (sent <= 0) {
            _exit(1);
        }
        at += sent;
        count -= size_t(sent);
    }
}

/// The answer's fields so far; the rest follows from how it ends.
std::string head = "{\"version\":" + std::to_string(version);

[[noreturn]] void refuse(const char *code, const char *words) {
    std::string line = head + ",\"refused\":{\"code\":" + quoted(code) + ",\"words\":" + quoted(words) + "}}\n";
    send(line.data(), line.size());
    _exit(0);
}

void describe(Reader &reader) {
    std::string found, spoiled, raw;
    for (const Tag &tag : tags) {
        std::string value;
        try {
            value = reader.text(tag.group, tag.element);
        } catch (const Refusal &) {
            spoiled += (spoiled.empty() ? "" : ",") + quoted(tag.name);
            // Papilla knows sets that the C library has no name for.
            raw += (raw.empty() ? "" : ",") + quoted(tag.name) + ":" +
                   quoted(hexadecimal(reader.raw(tag.group, tag.element).substr(0, longest)));
        }
        if (!value.empty()) {
            found += (found.empty() ? "" : ",") + quoted(tag.name) + ":" + quoted(value.substr(0, longest));
        }
    }
    std::string side = reader.frameLaterality();
    if (!side.empty()) {
        found += (found.empty() ? "" : ",") + quoted("frame_laterality") + ":" + quoted(side.substr(0, longest));
    }
    head += ",\"syntax\":" + quoted(reader.syntax()) + ",\"tags\":{" + found + "},\"spoiled\":[" + spoiled + "],\"raw\":{" + raw + "}";
}

[[noreturn]] void answer(const void *bytes, size_t count, uint32_t number, uint64_t maximumPixels) {
    Reader reader(bytes, count);
    describe(reader);
    Frame frame;
    Bytes profile;
    if (number > 0) {
        Picture picture = reader.picture(maximumPixels);
        if (!allowTime(uint64_t(picture.rows) * picture.columns)) {
            throw Refusal("internal", "was not looked at: limits could not be set");
        }
        head += ",\"rows\":" + std::to_string(picture.rows) + ",\"columns\":" + std::to_string(picture.columns) +
                ",\"frames\":" + std::to_string(picture.frames);
        frame = reader.frame(number - 1);
        profile = reader.profile(longestProfile);
        head += frame.isJpeg ? ",\"form\":\"jpeg\"" : ",\"form\":\"rgb\"";
    }
    std::string line = head + ",\"bytes\":" + std::to_string(frame.bytes.size()) +
                       ",\"profile\":" + std::to_string(profile.size()) + "}\n";
    send(line.data(), line.size());
    send(frame.bytes.data(), frame.bytes.size());
    send(profile.data(), profile.size());
    // Not exit(): nothing is left to be done, and what DCMTK would tidy up may be damaged.
    _exit(0);
}

} // namespace

int main(int count, char **arguments) {
    if (count != 3) {
        fputs("papilla-dicom reads DICOM files for papilla, which starts it: papilla screen FILE\n", stderr);
        return 64;
    }
    auto number = uint32_t(strtoul(arguments[1], nullptr, 10));
    uint64_t maximumPixels = strtoull(arguments[2], nullptr, 10);
    if (!limitResources()) {
        refuse("internal", "was not looked at: limits could not be set");
    }
    struct stat status;
    if (fstat(STDIN_FILENO, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < 132) {
        refuse("internal", "was not handed over as a file");
    }
    auto size = size_t(status.st_size);
    void *bytes = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
    if (bytes == MAP_FAILED) {
        refuse("out_of_memory", "did not fit into memory");
    }
    if (!Reader::prepare()) {
        refuse("internal", "cannot be read without DCMTK's data dictionary, which lies in /usr/share/libdcmtk17");
    }
    if (!closeSandbox()) {
        refuse("internal", "was not looked at: the sandbox could not be closed");
    }
    try {
        answer(bytes, size, number, maximumPixels);
    } catch (const Refusal &refusal) {
        refuse(refusal.code, refusal.what());
    } catch (const std::bad_alloc &) {
        refuse("out_of_memory", "needs more memory than it may have");
    } catch (...) {
        refuse("internal", "could not be read: the library gave up");
    }
}
