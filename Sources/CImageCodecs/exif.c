#include "exif.h"

#include <stdbool.h>
#include <string.h>

static uint32_t read16(const uint8_t *at, bool little) {
    return little ? (uint32_t)at[0] | (uint32_t)at[1] << 8 : (uint32_t)at[0] << 8 | (uint32_t)at[1];
}

static uint32_t read32(const uint8_t *at, bool little) {
    return little ? read16(at, true) | read16(at + 2, true) << 16 : read16(at, false) << 16 | read16(at + 2, false);
}

static uint64_t read64(const uint8_t *at, bool little) {
    uint64_t first = read32(at, little), second = read32(at + 4, little);
    return little ? first | second << 32 : first << 32 | second;
}

static int from_number(double value) { return value >= 1 && value <= 8 && value == (int)value ? (int)value : 0; }

// Digits, with blanks around them and zeros before and behind them: "6", " 6", "06", "6.0".
static int from_text(const uint8_t *text, size_t count) {
    size_t at = 0;
    while (at < count && text[at] == ' ')
        at++;
    unsigned value = 0;
    size_t begin = at;
    for (; at < count && text[at] >= '0' && text[at] <= '9' && value < 10; at++)
        value = 10 * value + text[at] - '0';
    if (at == begin || value < 1 || value > 8)
        return 0;
    if (at < count && text[at] == '.')
        for (at++; at < count && text[at] == '0';)
            at++;
    while (at < count && (text[at] == ' ' || text[at] == 0))
        at++;
    return at == count ? (int)value : 0;
}

// TIFF's types and how many bytes a number of each has; IFD (13), LONG8 (16), SLONG8 (17) and IFD8 (18) are later ones.
enum {
    BYTE = 1,
    ASCII,
    SHORT,
    LONG,
    RATIONAL,
    SBYTE,
    UNDEFINED,
    SSHORT,
    SLONG,
    SRATIONAL,
    FLOAT,
    DOUBLE,
    IFD,
    TYPES = 19
};
static const uint8_t sizes[TYPES] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};

static int from_value(const uint8_t *at, uint32_t type, uint32_t count, bool little) {
    switch (type) {
    case ASCII:
        return from_text(at, count);
    case BYTE:
    case SBYTE:
        return from_number(at[0]);
    // Bytes without a type are the digit itself or its number.
    case UNDEFINED:
        return at[0] >= '1' && at[0] <= '8' ? from_text(at, count) : from_number(at[0]);
    case SHORT:
    case SSHORT:
        return from_number(read16(at, little));
    case LONG:
    case SLONG:
    case IFD:
        return from_number(read32(at, little));
    case RATIONAL:
    case SRATIONAL: {
        double above = (int32_t)read32(at, little), below = (int32_t)read32(at + 4, little);
        if (type == RATIONAL)
            above = read32(at, little), below = read32(at + 4, little);
        return below != 0 ? from_number(above / below) : 0;
    }
    case FLOAT: {
        uint32_t bits = read32(at, little);
        float value;
        memcpy(&value, &bits, sizeof value);
        return from_number(value);
    }
    case DOUBLE: {
        uint64_t bits = read64(at, little);
        double value;
        memcpy(&value, &bits, sizeof value);
        return from_number(value);
    }
    default: { // of eight bytes
        uint64_t value = read64(at, little);
        return value <= 8 ? from_number((double)value) : 0;
    }
    }
}

int papilla_exif_orientation(const uint8_t *tiff, size_t count) {
    if (count < 14)
        return 0;
    bool little = tiff[0] == 'I' && tiff[1] == 'I';
    if (!little && !(tiff[0] == 'M' && tiff[1] == 'M'))
        return 0;
    if (read16(tiff + 2, little) != 42)
        return 0;
    size_t directory = read32(tiff + 4, little);
    if (directory > count - 2)
        return 0;
    size_t entries = read16(tiff + directory, little);
    for (size_t index = 0; index < entries; index++) {
        size_t entry = directory + 2 + 12 * index;
        if (entry > count - 12)
            return 0;
        if (read16(tiff + entry, little) != 0x0112)
            continue;
        uint32_t type = read16(tiff + entry + 2, little), values = read32(tiff + entry + 4, little);
        if (type >= TYPES || sizes[type] == 0 || values == 0)
            continue;
        // What fits stands in the entry's last four bytes, what does not at the place that they name.
        uint64_t bytes = (uint64_t)sizes[type] * values;
        size_t at = bytes <= 4 ? entry + 8 : read32(tiff + entry + 8, little);
        if (at > count || bytes > count - at)
            continue;
        int orientation = from_value(tiff + at, type, values, little);
        if (orientation != 0)
            return orientation;
    }
    return 0;
}

int papilla_xmp_orientation(const uint8_t *text, size_t count) {
    static const char name[] = "tiff:Orientation";
    const size_t length = sizeof name - 1;
    for (size_t at = 0; at + length < count; at++) {
        if (memcmp(text + at, name, length) != 0)
            continue;
        // An attribute or an element: ="6" or >6<.
        size_t value = at + length;
        while (value < count && memchr(" \t\r\n=>\"'", text[value], 9) != NULL)
            value++;
        if (value + 1 < count && text[value] >= '1' && text[value] <= '8' &&
            (text[value + 1] < '0' || text[value + 1] > '9'))
            return text[value] - '0';
    }
    return 0;
}
