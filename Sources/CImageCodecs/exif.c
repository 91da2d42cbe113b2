#include "exif.h"

#include <stdbool.h>

static uint32_t read16(const uint8_t *at, bool little) {
    return little ? (uint32_t)at[0] | (uint32_t)at[1] << 8 : (uint32_t)at[0] << 8 | (uint32_t)at[1];
}

static uint32_t read32(const uint8_t *at, bool little) {
    return little ? read16(at, true) | read16(at + 2, true) << 16 : read16(at, false) << 16 | read16(at + 2, false);
}

int papilla_exif_orientation(const uint8_t *tiff, size_t count) {
    if (count < 14) return 1;
    bool little = tiff[0] == 'I' && tiff[1] == 'I';
    if (!little && !(tiff[0] == 'M' && tiff[1] == 'M')) return 1;
    if (read16(tiff + 2, little) != 42) return 1;
    size_t directory = read32(tiff + 4, little);
    if (directory > count - 2) return 1;
    size_t entries = read16(tiff + directory, little);
    for (size_t index = 0; index < entries; index++) {
        size_t entry = directory + 2 + 12 * index;
        if (entry > count - 12) return 1;
        if (read16(tiff + entry, little) != 0x0112) continue;
        // Type 3 is SHORT; its single value stands in the first two of the four value bytes.
        if (read16(tiff + entry + 2, little) != 3 || read32(tiff + entry + 4, little) != 1) return 1;
        uint32_t orientation = read16(tiff + entry + 8, little);
        return orientation >= 1 && orientation <= 8 ? (int)orientation : 1;
    }
    return 1;
}
