#include "kernels.h"
#include "pool.h"
#include <immintrin.h>
#include <string.h>

/* Maps that are widened to fp32 together: half a cache line of bytes. */
#define CHUNK 32
/* Columns of zeros beside a widened row, on both sides together: a kernel of 5 reaches over by 4. */
#define BORDER 5

struct depthwise_u8 {
    const uint8_t *x;
    const float *w, *bias;
    uint8_t *y;
    float *scratch;
    long images, c, side, out, before, share;
};

/* Floats that a worker keeps: for each eight maps of a chunk, k rows in turn. */
static long share_floats(long side, long k) { return CHUNK * k * (side + BORDER); }

/* A row of `groups` times eight maps. */
AVX2 static inline void widen(const uint8_t *x, float *to, long c, long side, long groups, long plane) {
    for (long q = 0; q < side; q++)
        for (long g = 0; g < groups; g++) {
            const __m128i bytes = _mm_loadl_epi64((const __m128i *)(x + q * c + g * 8));
            _mm256_store_ps(to + g * plane + q * 8, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes)));
        }
}

/* Q outputs of a row, eight maps, from column q on. K, S, Q are constants wherever this is inlined. */
AVX2 static inline __attribute__((always_inline)) void outputs(
    const struct depthwise_u8 *a, const float *rows, const float *w, __m256 bias, uint8_t *y, long r, long q,
    const int K, const int S, const int Q
) {
    const long width = a->side + BORDER;
    __m256 s[4];
    for (int i = 0; i < 4; i++)
        s[i] = bias;
    for (int ky = 0; ky < K; ky++) {
        const long row = r * S + ky - a->before;
        if (row < 0 || row >= a->side)
            continue;
        const float *line = rows + row % K * width * 8 + q * S * 8;
        for (int kx = 0; kx < K; kx++) {
            const __m256 k = _mm256_loadu_ps(w + (ky * K + kx) * a->c);
            for (int i = 0; i < Q; i++)
                s[i] = _mm256_fmadd_ps(k, _mm256_load_ps(line + (i * S + kx) * 8), s[i]);
        }
    }
    __m256i t[4];
    for (int i = 0; i < 4; i++)
        t[i] = _mm256_cvtps_epi32(_mm256_min_ps(s[i], _mm256_set1_ps(255)));
    const __m256i bytes = _mm256_permutevar8x32_epi32(
        _mm256_packus_epi16(_mm256_packs_epi32(t[0], t[1]), _mm256_packs_epi32(t[2], t[3])),
        _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)
    );
    const __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
    _mm_storel_epi64((__m128i *)y, low);
    if (Q == 1)
        return;
    _mm_storel_epi64((__m128i *)(y + a->c), _mm_srli_si128(low, 8));
    _mm_storel_epi64((__m128i *)(y + 2 * a->c), high);
    _mm_storel_epi64((__m128i *)(y + 3 * a->c), _mm_srli_si128(high, 8));
}

AVX2 static inline __attribute__((always_inline)) void rows(const struct depthwise_u8 *a, const int K, const int S) {
    const struct worker me = this_worker();
    const long chunks = (a->c + CHUNK - 1) / CHUNK, plane = K * (a->side + BORDER) * 8;
    const struct units mine = share_of(me, a->images * chunks * a->out);
    float *own = a->scratch + me.thread * a->share;
    memset(own, 0, sizeof(float) * (size_t)a->share);
    long next = 0;
    for (long u = mine.from; u < mine.to; u++) {
        const long unit = u / a->out, r = u % a->out, image = unit / chunks, map = unit % chunks * CHUNK;
        const long groups = a->c - map < CHUNK ? (a->c - map) / 8 : CHUNK / 8;
        const long top = r * S - a->before, last = top + K < a->side ? top + K : a->side;
        if (u == mine.from || r == 0)
            next = top > 0 ? top : 0;
        for (; next < last; next++)
            widen(
                a->x + (image * a->side + next) * a->side * a->c + map,
                own + (next % K * (a->side + BORDER) + a->before) * 8, a->c, a->side, groups, plane
            );
        uint8_t *y = a->y + (image * a->out + r) * a->out * a->c + map;
        for (long g = 0; g < groups; g++) {
            const float *w = a->w + map + g * 8, *from = own + g * plane;
            const __m256 bias = _mm256_loadu_ps(a->bias + map + g * 8);
            long q = 0;
            for (; q + 4 <= a->out; q += 4)
                outputs(a, from, w, bias, y + q * a->c + g * 8, r, q, K, S, 4);
            for (; q < a->out; q++)
                outputs(a, from, w, bias, y + q * a->c + g * 8, r, q, K, S, 1);
        }
    }
}

#define ROWS(K, S) \
    AVX2 static void rows_##K##_##S(void *data) { rows(data, K, S); }
ROWS(3, 1)
ROWS(3, 2)
ROWS(5, 1)
ROWS(5, 2)

long depthwise_u8_scratch(long side, long k) { return omp_get_max_threads() * share_floats(side, k); }

void depthwise_u8(
    const uint8_t *x, uint8_t *y, const float *w, const float *bias, float *scratch, long images, long c, long side,
    long k, long stride
) {
    static void (*const body[2][2])(void *) = {{rows_3_1, rows_3_2}, {rows_5_1, rows_5_2}};
    struct depthwise_u8 a = {
        .x = x,
        .w = w,
        .bias = bias,
        .y = y,
        .scratch = scratch,
        .images = images,
        .c = c,
        .side = side,
        .out = (side + stride - 1) / stride,
        .before = (k - stride) / 2,
        .share = share_floats(side, k)
    };
    share_out(body[k == 5][stride == 2], &a);
}
