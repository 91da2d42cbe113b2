#include "kernels.h"
#include "pool.h"
#include <immintrin.h>

/* Eight maps are taken at a time, as fp32 or bytes; both have what a pixel's neighbour is away in bytes. */
struct depthwise {
    const uint8_t *x;
    const float *w, *bias;
    uint8_t *y;
    long images, c, side, out;
    float floor, ceiling;
};

/* Unit u is 8 maps of one image; its values lie `block` apart. */
#define EIGHTH(c, block, u, plane) \
    (((u) / ((c) / 8)) * (c) * (plane) + (u) % ((c) / 8) * 8 / (block) * (block) * (plane) + \
     (u) % ((c) / 8) * 8 % (block))

AVX2 static inline __m256 eight(const uint8_t *x, const int BYTES) {
    return BYTES ? _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)x)))
                 : _mm256_load_ps((const float *)x);
}

/* Four pixels as bytes, rounded to even. */
AVX2 static inline void store_bytes(uint8_t *y, long step, const __m256 *s, const int count) {
    __m256i t[4];
    for (int i = 0; i < 4; i++)
        t[i] = _mm256_cvtps_epi32(s[i < count ? i : 0]);
    const __m256i bytes = _mm256_permutevar8x32_epi32(
        _mm256_packus_epi16(_mm256_packs_epi32(t[0], t[1]), _mm256_packs_epi32(t[2], t[3])),
        _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)
    );
    const __m128i low = _mm256_castsi256_si128(bytes), high = _mm256_extracti128_si256(bytes, 1);
    _mm_storel_epi64((__m128i *)y, low);
    if (count == 1)
        return;
    _mm_storel_epi64((__m128i *)(y + step), _mm_srli_si128(low, 8));
    _mm_storel_epi64((__m128i *)(y + 2 * step), high);
    _mm_storel_epi64((__m128i *)(y + 3 * step), _mm_srli_si128(high, 8));
}

/* Which taps of some outputs lie outside of the row. */
enum { NONE, LEFT, RIGHT, BOTH, OTHER };

/* Q outputs of a row from column q on. All in capitals are constants wherever this is inlined: SIDES says whether the
 * first output is a row's first, the last one its last. As many sums as keep both multipliers busy; every value is read
 * once. */
AVX2 static inline __attribute__((always_inline)) void outputs(
    const struct depthwise *a, const uint8_t *x, const float *w, __m256 bias, uint8_t *y, long r, long q, long step,
    const int K, const int S, const int Q, const int SIDES, const int BYTES
) {
    const int BEFORE = (K - S) / 2;
    const int FIRST = SIDES & LEFT ? BEFORE : 0, LAST = SIDES & RIGHT ? Q * S + BEFORE : (Q - 1) * S + K;
    __m256 s[8];
#pragma clang loop unroll(full)
    for (int i = 0; i < Q; i++)
        s[i] = bias;
    for (int ky = 0; ky < K; ky++) {
        const long row = r * S + ky - BEFORE;
        if (row < 0 || row >= a->side)
            continue;
        const uint8_t *from = x + (row * a->side + q * S + FIRST - BEFORE) * step;
        __m256 k[5];
#pragma clang loop unroll(full)
        for (int kx = 0; kx < K; kx++)
            k[kx] = _mm256_loadu_ps(w + (ky * K + kx) * a->c);
#pragma clang loop unroll(full)
        for (int j = FIRST; j < LAST; j++) {
            const __m256 v = eight(from, BYTES);
            from += step;
            /* An addition for each pixel, where the compiler would multiply. */
            __asm__("" : "+r"(from));
#pragma clang loop unroll(full)
            for (int i = 0; i < Q; i++)
                if (j >= i * S && j < i * S + K)
                    s[i] = _mm256_fmadd_ps(k[j - i * S], v, s[i]);
        }
    }
    const __m256 floor = _mm256_set1_ps(a->floor), ceiling = _mm256_set1_ps(a->ceiling);
    y += q * step;
#pragma clang loop unroll(full)
    for (int i = 0; i < Q; i++) {
        s[i] = _mm256_min_ps(_mm256_max_ps(s[i], floor), ceiling);
        if (!BYTES)
            _mm256_store_ps((float *)(y + i * step), s[i]);
        else if (i % 4 == 3 || Q == 1)
            store_bytes(y + i / 4 * 4 * step, step, s + i / 4 * 4, Q == 1 ? 1 : 4);
    }
}

/* One output, whatever lies outside. */
AVX2 static inline __attribute__((always_inline)) void output(
    const struct depthwise *a, const uint8_t *x, const float *w, __m256 s, uint8_t *y, long r, long q, long step,
    const int K, const int S, const int BYTES
) {
    for (int t = 0; t < K * K; t++) {
        const long row = r * S + t / K - (K - S) / 2, column = q * S + t % K - (K - S) / 2;
        if (row >= 0 && row < a->side && column >= 0 && column < a->side)
            s = _mm256_fmadd_ps(_mm256_loadu_ps(w + t * a->c), eight(x + (row * a->side + column) * step, BYTES), s);
    }
    s = _mm256_min_ps(_mm256_max_ps(s, _mm256_set1_ps(a->floor)), _mm256_set1_ps(a->ceiling));
    if (BYTES)
        store_bytes(y + q * step, step, &s, 1);
    else
        _mm256_store_ps((float *)(y + q * step), s);
}

/* A row of `groups` times eight maps, by eight outputs. Where they are no multiple of eight, the last eight are made
 * from the row's end, some of them anew. */
AVX2 static inline __attribute__((always_inline)) void row_of(
    const struct depthwise *a, const uint8_t *x, long map, uint8_t *y, long r, long groups, long step, const int K,
    const int S, const int BYTES
) {
    enum { Q = 8 };
    const long size = BYTES ? 8 : 8 * sizeof(float), before = (K - S) / 2;
    const int divides = a->side % S == 0;
    for (long q = 0; q < a->out; q += Q) {
        const long at = q + Q <= a->out || a->out < Q ? q : a->out - Q;
        const int left = at == 0 ? LEFT : at * S >= before ? NONE : OTHER;
        const int right = (at + Q - 1) * S + K - before <= a->side ? NONE : at + Q == a->out && divides ? RIGHT : OTHER;
        for (long g = 0; g < groups; g++) {
            const float *w = a->w + map + g * 8;
            const __m256 bias = a->bias ? _mm256_loadu_ps(a->bias + map + g * 8) : _mm256_setzero_ps();
            const uint8_t *from = x + g * size;
            uint8_t *to = y + g * size;
            switch (left + right) {
            case NONE:
                outputs(a, from, w, bias, to, r, at, step, K, S, Q, NONE, BYTES);
                break;
            case LEFT:
                outputs(a, from, w, bias, to, r, at, step, K, S, Q, LEFT, BYTES);
                break;
            case RIGHT:
                outputs(a, from, w, bias, to, r, at, step, K, S, Q, RIGHT, BYTES);
                break;
            case BOTH:
                outputs(a, from, w, bias, to, r, at, step, K, S, Q, BOTH, BYTES);
                break;
            default:
                for (long i = at; i < at + Q && i < a->out; i++)
                    output(a, from, w, bias, to, r, i, step, K, S, BYTES);
            }
        }
    }
}

AVX2 static inline __attribute__((always_inline)) void
rows(const struct depthwise *a, const int K, const int S, const long B) {
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->images * (a->c / 8) * a->out);
    const long size = sizeof(float);
    for (long u = mine.from; u < mine.to; u++) {
        const long unit = u / a->out, r = u % a->out, map = unit % (a->c / 8) * 8;
        row_of(
            a, a->x + EIGHTH(a->c, B, unit, a->side * a->side) * size, map,
            a->y + (EIGHTH(a->c, B, unit, a->out * a->out) + r * a->out * B) * size, r, 1, B * size, K, S, 0
        );
    }
}

/* By as many maps as leave the rows that they read in the nearest caches. */
AVX2 static inline __attribute__((always_inline)) void rows_u8(const struct depthwise *a, const int K, const int S) {
    enum { TOGETHER = 256 };
    const long parts = (a->c + TOGETHER - 1) / TOGETHER;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->images * parts * a->out);
    for (long u = mine.from; u < mine.to; u++) {
        const long unit = u / a->out, r = u % a->out, image = unit / parts, map = unit % parts * TOGETHER;
        row_of(
            a, a->x + image * a->side * a->side * a->c + map, map, a->y + (image * a->out + r) * a->out * a->c + map, r,
            (a->c - map < TOGETHER ? a->c - map : TOGETHER) / 8, a->c, K, S, 1
        );
    }
}

#define ROWS(K, S) \
    AVX2 static void rows_##K##_##S##_8(void *data) { rows(data, K, S, 8); } \
    AVX2 static void rows_##K##_##S##_16(void *data) { rows(data, K, S, 16); } \
    AVX2 static void rows_u8_##K##_##S(void *data) { rows_u8(data, K, S); }
ROWS(3, 1)
ROWS(3, 2)
ROWS(5, 1)
ROWS(5, 2)

void depthwise_f32(
    const float *x, float *y, const float *w, const float *bias, long images, long c, long side, long k, long stride,
    long block, float floor, float ceiling
) {
    static void (*const body[2][2][2])(void *) = {
        {{rows_3_1_8, rows_3_2_8}, {rows_5_1_8, rows_5_2_8}}, {{rows_3_1_16, rows_3_2_16}, {rows_5_1_16, rows_5_2_16}}
    };
    struct depthwise a = {(const uint8_t *)x,           w,     bias,   (uint8_t *)y, images, c, side,
                          (side + stride - 1) / stride, floor, ceiling};
    share_out(body[block == 16][k == 5][stride == 2], &a);
}

void depthwise_u8(
    const uint8_t *x, uint8_t *y, const float *w, const float *bias, long images, long c, long side, long k, long stride
) {
    static void (*const body[2][2])(void *) = {{rows_u8_3_1, rows_u8_3_2}, {rows_u8_5_1, rows_u8_5_2}};
    struct depthwise a = {x, w, bias, y, images, c, side, (side + stride - 1) / stride, 0, 255};
    share_out(body[k == 5][stride == 2], &a);
}

struct back {
    const float *x, *g, *w;
    float *dx, *dw;
    double *sums;
    long images, c, side, out, k, stride, before, block;
    int add;
};

/* One row of the source's gradient: every output that read a column, by the taps that fit. */
AVX2 static inline __attribute__((always_inline)) void source_rows(const struct back *a, const int K, const int S) {
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->images * (a->c / 8) * a->side);
    const long B = a->block;
    for (long u = mine.from; u < mine.to; u++) {
        const long unit = u / a->side, row = u % a->side;
        const float *g = a->g + EIGHTH(a->c, B, unit, a->out * a->out), *w = a->w + unit % (a->c / 8) * 8;
        float *dx = a->dx + EIGHTH(a->c, B, unit, a->side * a->side) + row * a->side * B;
        for (long column = 0; column < a->side; column++) {
            __m256 s = a->add ? _mm256_load_ps(dx + column * B) : _mm256_setzero_ps();
            for (long ky = (row + a->before) % S; ky < K; ky += S) {
                const long r = (row + a->before - ky) / S;
                if (row + a->before < ky || r >= a->out)
                    continue;
                for (long kx = (column + a->before) % S; kx < K; kx += S) {
                    const long q = (column + a->before - kx) / S;
                    if (column + a->before < kx || q >= a->out)
                        continue;
                    s = _mm256_fmadd_ps(
                        _mm256_loadu_ps(w + (ky * K + kx) * a->c), _mm256_load_ps(g + (r * a->out + q) * B), s
                    );
                }
            }
            _mm256_store_ps(dx + column * B, s);
        }
    }
}

AVX2 static void source_3_1(void *data) { source_rows(data, 3, 1); }
AVX2 static void source_3_2(void *data) { source_rows(data, 3, 2); }
AVX2 static void source_5_1(void *data) { source_rows(data, 5, 1); }
AVX2 static void source_5_2(void *data) { source_rows(data, 5, 2); }

void depthwise_back_f32(
    const float *g, const float *w, float *dx, long images, long c, long side, long k, long stride, long block, int add
) {
    static void (*const body[2][2])(void *) = {{source_3_1, source_3_2}, {source_5_1, source_5_2}};
    struct back a = {
        .g = g,
        .w = w,
        .dx = dx,
        .images = images,
        .c = c,
        .side = side,
        .out = (side + stride - 1) / stride,
        .k = k,
        .stride = stride,
        .before = (k - stride) / 2,
        .block = block,
        .add = add
    };
    share_out(body[k == 5][stride == 2], &a);
}

/* The taps' gradient of one kernel row over one row of outputs, in fp32; rows are summed in double. */
AVX2 static inline __attribute__((always_inline)) void taps(const struct back *a, const int K, const int S) {
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->images * (a->c / 8));
    const long B = a->block;
    const long first = (a->before + S - 1) / S, last = a->side + a->before < K ? 0 : (a->side - K + a->before) / S + 1;
    for (long unit = mine.from; unit < mine.to; unit++) {
        const float *x = a->x + EIGHTH(a->c, B, unit, a->side * a->side),
                    *g = a->g + EIGHTH(a->c, B, unit, a->out * a->out);
        __m256d total[5 * 5][2];
        for (int t = 0; t < K * K; t++)
            total[t][0] = total[t][1] = _mm256_setzero_pd();
        for (long r = 0; r < a->out; r++)
            for (int ky = 0; ky < K; ky++) {
                const long row = r * S + ky - a->before;
                if (row < 0 || row >= a->side)
                    continue;
                const float *line = x + row * a->side * B, *slopes = g + r * a->out * B;
                __m256 s[5];
                for (int kx = 0; kx < K; kx++)
                    s[kx] = _mm256_setzero_ps();
                for (long q = 0; q < a->out; q++) {
                    const __m256 v = _mm256_load_ps(slopes + q * B);
                    const long column = q * S - a->before;
                    if (q >= first && q < last)
                        for (int kx = 0; kx < K; kx++)
                            s[kx] = _mm256_fmadd_ps(v, _mm256_load_ps(line + (column + kx) * B), s[kx]);
                    else
                        for (int kx = 0; kx < K; kx++)
                            if (column + kx >= 0 && column + kx < a->side)
                                s[kx] = _mm256_fmadd_ps(v, _mm256_load_ps(line + (column + kx) * B), s[kx]);
                }
                for (int kx = 0; kx < K; kx++) {
                    __m256d *sum = total[ky * K + kx];
                    sum[0] = _mm256_add_pd(sum[0], _mm256_cvtps_pd(_mm256_castps256_ps128(s[kx])));
                    sum[1] = _mm256_add_pd(sum[1], _mm256_cvtps_pd(_mm256_extractf128_ps(s[kx], 1)));
                }
            }
        double *sums = a->sums + unit * K * K * 8;
        for (int t = 0; t < K * K; t++) {
            _mm256_storeu_pd(sums + t * 8, total[t][0]);
            _mm256_storeu_pd(sums + t * 8 + 4, total[t][1]);
        }
    }
}

AVX2 static void taps_3_1(void *data) { taps(data, 3, 1); }
AVX2 static void taps_3_2(void *data) { taps(data, 3, 2); }
AVX2 static void taps_5_1(void *data) { taps(data, 5, 1); }
AVX2 static void taps_5_2(void *data) { taps(data, 5, 2); }

void depthwise_gradient_f32(
    const float *x, const float *g, float *dw, double *sums, long images, long c, long side, long k, long stride,
    long block
) {
    static void (*const body[2][2])(void *) = {{taps_3_1, taps_3_2}, {taps_5_1, taps_5_2}};
    struct back a = {
        .x = x,
        .g = g,
        .dw = dw,
        .sums = sums,
        .images = images,
        .c = c,
        .side = side,
        .out = (side + stride - 1) / stride,
        .k = k,
        .stride = stride,
        .before = (k - stride) / 2,
        .block = block
    };
    share_out(body[k == 5][stride == 2], &a);
    for (long t = 0; t < k * k; t++)
        for (long map = 0; map < c; map++) {
            double sum = 0;
            for (long n = 0; n < images; n++)
                sum += sums[((n * (c / 8) + map / 8) * k * k + t) * 8 + map % 8];
            dw[t * c + map] = (float)sum;
        }
}
