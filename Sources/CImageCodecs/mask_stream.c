// A mask is a few thousand runs of 0 or 255. Written as runs, a mask of millions of pixels takes a fraction of a
// millisecond; zlib, which has to look at every byte, takes many times as long for the same size of file.
#include "mask_stream.h"

#include <string.h>

#include "bytes.h"

// Bits of a deflate stream (RFC 1951), the lowest first.
typedef struct {
    papilla_bytes *bytes;
    uint64_t bits;
    unsigned count; // bits in `bits`, below 8 between calls
    bool is_short;  // there was no memory
} stream;

// Into bytes for which there is room.
static void put(stream *to, uint32_t bits, unsigned count) {
    to->bits |= (uint64_t)bits << to->count;
    to->count += count;
    while (to->count >= 8) {
        to->bytes->bytes[to->bytes->count++] = (uint8_t)to->bits;
        to->bits >>= 8;
        to->count -= 8;
    }
}

// A Huffman code, which stands in the stream with its highest bit first.
static void put_code(stream *to, uint32_t code, unsigned count) {
    uint32_t reversed = 0;
    for (unsigned bit = 0; bit < count; bit++)
        reversed |= (code >> bit & 1) << (count - 1 - bit);
    put(to, reversed, count);
}

// One block with one set of codes for every mask: the longest copy, 258 bytes from one byte back, has 1 + 1 bits, the
// byte 0 has 5; the byte 255, the end and all shorter copies have 6. The codes follow from these lengths: 285 is 0,
// byte 0 is 16, byte 255 is 34, end is 35, copies 257 to 284 are 36 to 63.
enum { CODE_ZERO = 16, CODE_FULL = 34, CODE_END = 35, CODE_FIRST_COPY = 36, LONGEST_COPY = 258 };

static void put_header(stream *to) {
    put(to, 0x0178, 16); // zlib: deflate, window of 32 KiB, quickest
    put(to, 1, 1);       // the last block
    put(to, 2, 2);       // with its own codes
    put(to, 286 - 257, 5);
    put(to, 1 - 1, 5);
    // The lengths of the codes for lengths 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1.
    static const uint8_t lengths[18] = {3, 0, 3, 0, 0, 0, 0, 2, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2};
    put(to, sizeof lengths - 4, 4);
    for (unsigned index = 0; index < sizeof lengths; index++)
        put(to, lengths[index], 3);
    enum { ONE = 0, FIVE = 1, SIX = 2, AGAIN = 6, NONE = 7 };
    put_code(to, FIVE, 2); // byte 0
    put_code(to, NONE, 3); // bytes 1 to 138
    put(to, 138 - 11, 7);
    put_code(to, NONE, 3); // to 254
    put(to, 116 - 11, 7);
    put_code(to, SIX, 2); // byte 255, and the 29 after it: end and copies 257 to 284
    for (unsigned repeats = 29; repeats > 0;) {
        unsigned now = repeats > 6 ? 6 : repeats;
        put_code(to, AGAIN, 3);
        put(to, now - 3, 2);
        repeats -= now;
    }
    put_code(to, ONE, 2); // copy 285
    put_code(to, ONE, 2); // the only distance: one byte back
}

// 3 to 257 times the byte before.
static void put_copy(stream *to, unsigned length) {
    unsigned code = length - 3, extra = 0;
    if (length > 10) {
        // From here on four codes share each number of extra bits.
        unsigned rest = length - 3;
        while (rest >> (extra + 3) != 0)
            extra++;
        code = 4 * extra + (rest >> extra);
    }
    put_code(to, CODE_FIRST_COPY + code, 6);
    if (extra > 0)
        put(to, (length - 3) & ((1u << extra) - 1), extra);
    put(to, 0, 1);
}

static void put_run(stream *to, uint8_t value, uint64_t length) {
    uint32_t code = value == 0 ? CODE_ZERO : CODE_FULL;
    unsigned bits = value == 0 ? 5 : 6;
    if (length == 0)
        return;
    // Four longest copies a byte, and what is left over.
    if (!papilla_bytes_reserve(to->bytes, (size_t)(length / LONGEST_COPY / 4) + 64)) {
        to->is_short = true;
        return;
    }
    put_code(to, code, bits);
    length--;
    for (; length >= LONGEST_COPY; length -= LONGEST_COPY)
        put(to, 0, 2);
    if (length >= 3)
        return put_copy(to, (unsigned)length);
    for (; length > 0; length--)
        put_code(to, code, bits);
}

// Adler-32 (RFC 1950) after `length` bytes of one value.
typedef struct {
    uint64_t sum, sums;
} checksum;

static void add_run(checksum *to, uint8_t value, uint64_t length) {
    enum { MODULUS = 65521 };
    // Short enough for the products to stay far below 2^64.
    for (uint64_t now; length > 0; length -= now) {
        now = length > 1u << 24 ? 1u << 24 : length;
        to->sums = (to->sums + now * to->sum + value * (now * (now + 1) / 2)) % MODULUS;
        to->sum = (to->sum + now * value) % MODULUS;
    }
}

// A run that may go on.
typedef struct {
    uint8_t value;
    uint64_t length;
} run;

static void extend(run *at, stream *to, checksum *sum, uint8_t value, uint64_t length) {
    if (value != at->value) {
        put_run(to, at->value, at->length);
        add_run(sum, at->value, at->length);
        *at = (run){.value = value};
    }
    at->length += length;
}

bool papilla_mask_stream(const uint8_t *pixels, uint32_t width, uint32_t height, papilla_bytes *result) {
    stream to = {.bytes = result};
    checksum sum = {.sum = 1};
    run at = {0};
    if (!papilla_bytes_reserve(result, 128))
        return false;
    put_header(&to);
    for (uint32_t y = 0; y < height && !to.is_short; y++) {
        extend(&at, &to, &sum, 0, 1); // the row is not filtered
        const uint8_t *row = pixels + (size_t)y * width;
        for (size_t x = 0; x < width;) {
            const uint8_t value = row[x] == 0 ? 0 : 255;
            const uint8_t *change = memchr(row + x, value == 0 ? 255 : 0, width - x);
            size_t end = change == NULL ? width : (size_t)(change - row);
            extend(&at, &to, &sum, value, end - x);
            x = end;
        }
    }
    put_run(&to, at.value, at.length);
    add_run(&sum, at.value, at.length);
    if (to.is_short || !papilla_bytes_reserve(result, 64))
        return false;
    put_code(&to, CODE_END, 6);
    put(&to, 0, (8 - to.count) & 7);
    uint64_t check = sum.sums << 16 | sum.sum;
    for (int shift = 24; shift >= 0; shift -= 8)
        put(&to, (uint32_t)(check >> shift & 0xFF), 8);
    return true;
}
