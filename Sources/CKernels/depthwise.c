#include "kernels.h"
#include "pool.h"
#include <immintrin.h>

struct depthwise {
    const float *x, *w, *bias;
    float *y;
    long images, c, side, out, before, block;
    float floor, ceiling;
};

/* Unit u is 8 maps of one image; its values lie `block` apart. */
#define EIGHTH(c, block, u, plane) \
    (((u) / ((c) / 8)) * (c) * (plane) + (u) % ((c) / 8) * 8 / (block) * (block) * (plane) + \
     (u) % ((c) / 8) * 8 % (block))

/* Q outputs of a row from column q on. K, S, B, Q are constants wherever this is inlined, and so is `edge`: whether
 * taps may lie outside of the row. */
AVX2 static inline __attribute__((always_inline)) void outputs(
    const struct depthwise *a, const float *x, const float *w, __m256 bias, float *y, long r, long q, const int K,
    const int S, const long B, const int Q, const int edge
) {
    __m256 s[8];
    for (int i = 0; i < Q; i++)
        s[i] = bias;
    for (int ky = 0; ky < K; ky++) {
        const long row = r * S + ky - a->before;
        if (row < 0 || row >= a->side)
            continue;
        const float *line = x + row * a->side * B;
        for (int kx = 0; kx < K; kx++) {
            const __m256 k = _mm256_loadu_ps(w + (ky * K + kx) * a->c);
            for (int i = 0; i < Q; i++) {
                const long column = (q + i) * S + kx - a->before;
                if (edge && (column < 0 || column >= a->side))
                    continue;
                s[i] = _mm256_fmadd_ps(k, _mm256_load_ps(line + column * B), s[i]);
            }
        }
    }
    const __m256 floor = _mm256_set1_ps(a->floor), ceiling = _mm256_set1_ps(a->ceiling);
    for (int i = 0; i < Q; i++)
        _mm256_store_ps(y + (r * a->out + q + i) * B, _mm256_min_ps(_mm256_max_ps(s[i], floor), ceiling));
}

AVX2 static inline __attribute__((always_inline)) void
rows(const struct depthwise *a, const int K, const int S, const long B) {
    enum { Q = 4 };
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->images * (a->c / 8) * a->out);
    /* Columns whose taps all lie inside of the row: first <= q < last. */
    const long first = (a->before + S - 1) / S, last = a->side + a->before < K ? 0 : (a->side - K + a->before) / S + 1;
    for (long u = mine.from; u < mine.to; u++) {
        const long unit = u / a->out, r = u % a->out, map = unit % (a->c / 8) * 8;
        const float *x = a->x + EIGHTH(a->c, B, unit, a->side * a->side), *w = a->w + map;
        float *y = a->y + EIGHTH(a->c, B, unit, a->out * a->out);
        const __m256 bias = a->bias ? _mm256_loadu_ps(a->bias + map) : _mm256_setzero_ps();
        long q = 0;
        for (; q < first && q < a->out; q++)
            outputs(a, x, w, bias, y, r, q, K, S, B, 1, 1);
        for (; q + Q <= last; q += Q)
            outputs(a, x, w, bias, y, r, q, K, S, B, Q, 0);
        for (; q < a->out; q++)
            outputs(a, x, w, bias, y, r, q, K, S, B, 1, 1);
    }
}

#define ROWS(K, S, B) \
    AVX2 static void rows_##K##_##S##_##B(void *data) { rows(data, K, S, B); }
ROWS(3, 1, 8)
ROWS(3, 2, 8)
ROWS(5, 1, 8)
ROWS(5, 2, 8)
ROWS(3, 1, 16)
ROWS(3, 2, 16)
ROWS(5, 1, 16)
ROWS(5, 2, 16)

void depthwise_f32(
    const float *x, float *y, const float *w, const float *bias, long images, long c, long side, long k, long stride,
    long block, float floor, float ceiling
) {
    static void (*const body[2][2][2])(void *) = {
        {{rows_3_1_8, rows_3_2_8}, {rows_5_1_8, rows_5_2_8}}, {{rows_3_1_16, rows_3_2_16}, {rows_5_1_16, rows_5_2_16}}
    };
    struct depthwise a = {x,     w,     bias,   y, images, c, side, (side + stride - 1) / stride, (k - stride) / 2,
                          block, floor, ceiling};
    share_out(body[block == 16][k == 5][stride == 2], &a);
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
