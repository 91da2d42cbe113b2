#include "kernels.h"
#include "pool.h"
#include <immintrin.h>

struct heads {
    const float *x, *w, *bias;
    float *y;
    long c, side, maps, block;
};

static const float nothing[16] __attribute__((aligned(64)));

AVX2 static inline __m128 sums(__m256 a, __m256 b, __m256 c, __m256 d) {
    const __m256 s = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    return _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
}

/* Four pixels of a row, all maps. M and B are constants wherever this is inlined. */
AVX2 static inline __attribute__((always_inline)) void
four(const struct heads *a, long r, long c, int edge, const long M, const long B) {
    const long side = a->side, plane = side * side * B, blocks = a->c / B;
    __m256 s[3][4];
    for (int m = 0; m < M; m++)
        for (int q = 0; q < 4; q++)
            s[m][q] = _mm256_setzero_ps();
    for (int ky = 0; ky < 3; ky++) {
        const long yy = r + ky - 1;
        if (yy < 0 || yy >= side)
            continue;
        for (int kx = 0; kx < 3; kx++)
            for (long b = 0; b < blocks; b++)
                for (long h = 0; h < B; h += 8) {
                    const float *x = a->x + b * plane + (yy * side + c + kx - 1) * B + h;
                    const float *w = a->w + ((ky * 3 + kx) * blocks + b) * M * B + h;
                    for (int q = 0; q < 4; q++) {
                        const long xx = c + q + kx - 1;
                        const __m256 v = _mm256_load_ps(edge && (xx < 0 || xx >= side) ? nothing : x + q * B);
                        for (int m = 0; m < M; m++)
                            s[m][q] = _mm256_fmadd_ps(v, _mm256_load_ps(w + m * B), s[m][q]);
                    }
                }
    }
    for (int m = 0; m < M; m++)
        _mm_storeu_ps(
            a->y + (m * side + r) * side + c,
            _mm_add_ps(sums(s[m][0], s[m][1], s[m][2], s[m][3]), _mm_set1_ps(a->bias[m]))
        );
}

AVX2 static inline __attribute__((always_inline)) void rows(const struct heads *a, const long M, const long B) {
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->side);
    for (long r = mine.from; r < mine.to; r++) {
        four(a, r, 0, 1, M, B);
        for (long c = 4; c < a->side - 4; c += 4)
            four(a, r, c, 0, M, B);
        four(a, r, a->side - 4, 1, M, B);
    }
}

#define ROWS(M, B) \
    AVX2 static void rows_##M##_##B(void *data) { rows(data, M, B); }
ROWS(1, 8)
ROWS(2, 8)
ROWS(3, 8)
ROWS(1, 16)
ROWS(2, 16)
ROWS(3, 16)

void heads_f32(const float *x, float *y, const float *w, const float *bias, long c, long side, long maps, long block) {
    static void (*const body[2][3])(void *) = {{rows_1_8, rows_2_8, rows_3_8}, {rows_1_16, rows_2_16, rows_3_16}};
    struct heads a = {x, w, bias, y, c, side, maps, block};
    share_out(body[block == 16][maps - 1], &a);
}

struct heads_u8 {
    const uint8_t *x;
    const int8_t *w;
    const float *scales, *bias;
    float *y;
    long c, side, maps;
};

static const uint8_t no_bytes[32] __attribute__((aligned(32)));

AVX2 static inline __m128i sums_s32(__m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i s = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    return _mm_add_epi32(_mm256_castsi256_si128(s), _mm256_extracti128_si256(s, 1));
}

/* Four pixels of a row, all maps. M is a constant wherever this is inlined, and HALF whether there are 16 channels.
 * Pairs of products fit 16 bits: 2 * 255 * 63. */
AVX2 static inline __attribute__((always_inline)) void
four_u8(const struct heads_u8 *a, long r, long q0, int edge, const long M, const int HALF) {
    const long side = a->side, chunks = HALF ? 1 : a->c / 32;
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i s[3][4];
    for (int m = 0; m < M; m++)
        for (int q = 0; q < 4; q++)
            s[m][q] = _mm256_setzero_si256();
    for (int t = 0; t < 9; t++) {
        const long yy = r + t / 3 - 1;
        if (yy < 0 || yy >= side)
            continue;
        for (long k = 0; k < chunks; k++) {
            const int8_t *w = a->w + (t * chunks + k) * M * 32;
            for (int q = 0; q < 4; q++) {
                const long xx = q0 + q + t % 3 - 1;
                const uint8_t *x = edge && (xx < 0 || xx >= side) ? no_bytes : a->x + (yy * side + xx) * a->c + k * 32;
                const __m256i v = HALF ? _mm256_zextsi128_si256(_mm_loadu_si128((const __m128i *)x))
                                       : _mm256_loadu_si256((const __m256i *)x);
                for (int m = 0; m < M; m++)
                    s[m][q] = _mm256_add_epi32(
                        s[m][q], _mm256_madd_epi16(
                                     _mm256_maddubs_epi16(v, _mm256_loadu_si256((const __m256i *)(w + m * 32))), ones
                                 )
                    );
            }
        }
    }
    for (int m = 0; m < M; m++) {
        const __m128 sum = _mm_cvtepi32_ps(sums_s32(s[m][0], s[m][1], s[m][2], s[m][3]));
        _mm_storeu_ps(
            a->y + (m * side + r) * side + q0,
            _mm_mul_ps(_mm_set1_ps(a->scales[m]), _mm_add_ps(sum, _mm_set1_ps(a->bias[m])))
        );
    }
}

AVX2 static inline __attribute__((always_inline)) void rows_u8(const struct heads_u8 *a, const long M, const int HALF) {
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->side);
    for (long r = mine.from; r < mine.to; r++) {
        four_u8(a, r, 0, 1, M, HALF);
        for (long q = 4; q < a->side - 4; q += 4)
            four_u8(a, r, q, 0, M, HALF);
        four_u8(a, r, a->side - 4, 1, M, HALF);
    }
}

#define ROWS_U8(M, HALF) \
    AVX2 static void rows_u8_##M##_##HALF(void *data) { rows_u8(data, M, HALF); }
ROWS_U8(1, 0)
ROWS_U8(2, 0)
ROWS_U8(3, 0)
ROWS_U8(1, 1)
ROWS_U8(2, 1)
ROWS_U8(3, 1)

void heads_u8(
    const uint8_t *x, float *y, const int8_t *w, const float *scales, const float *bias, long c, long side, long maps
) {
    static void (*const body[2][3])(void *) = {
        {rows_u8_1_0, rows_u8_2_0, rows_u8_3_0}, {rows_u8_1_1, rows_u8_2_1, rows_u8_3_1}
    };
    struct heads_u8 a = {x, w, scales, bias, y, c, side, maps};
    share_out(body[c == 16][maps - 1], &a);
}
