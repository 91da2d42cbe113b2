#include "bytes.h"

#include <stdlib.h>

bool papilla_bytes_reserve(papilla_bytes *bytes, size_t more) {
    if (bytes->capacity - bytes->count >= more)
        return true;
    size_t capacity = bytes->capacity < 32768 ? 65536 : bytes->capacity * 2;
    while (capacity - bytes->count < more) {
        if (capacity > SIZE_MAX / 2)
            return false;
        capacity *= 2;
    }
    uint8_t *grown = realloc(bytes->bytes, capacity);
    if (grown == NULL)
        return false;
    bytes->bytes = grown;
    bytes->capacity = capacity;
    return true;
}

void papilla_bytes_free(papilla_bytes *bytes) {
    free(bytes->bytes);
    *bytes = (papilla_bytes){0};
}
