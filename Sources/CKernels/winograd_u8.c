/* F(2x2, 3x3) of Winograd's minimal filtering on bytes, for CPUs with AVX-512 and VNNI: 16 products for 2 x 2 outputs
 * where the sum itself has 36. */
#include "kernels.h"
#include "pool.h"
#include "winograd.h"
#include <immintrin.h>
#include <string.h>

#define WIDE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma"), min_vector_width(512)))
#define INLINE WIDE static inline __attribute__((always_inline))
#define POINTS8 16
#define ROWS 12

struct bytes {
    const uint8_t *x;
    uint8_t *y;
    const int8_t *u;
    const int32_t *offsets;
    const float *scales, *bias;
    const int16_t *ratios;
    float old;
    uint8_t *scratch;
    long images, side, c, oc, share, parts, units;
};

int winograd_u8_serves(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

/* Bt d. */
#define SPREAD(d0, d1, d2, d3, O) \
    O(0, _mm512_sub_epi16(d0, d2)); \
    O(1, _mm512_add_epi16(d1, d2)); \
    O(2, _mm512_sub_epi16(d2, d1)); \
    O(3, _mm512_sub_epi16(d1, d3));

/* 4 x 4 pixels of 32 maps to the 16 points, `plane` bytes apart: rounded to a point's steps and moved up by 128. */
INLINE void spread(
    const uint8_t *x, long row, long column, int edge, long side, long c, const int16_t *ratios, uint8_t *v, long plane
) {
    __m512i t[4][4];
    for (int j = 0; j < 4; j++) {
        __m512i d[4];
        for (int i = 0; i < 4; i++) {
            const long r = row + i, q = column + j;
            d[i] = edge && (r < 0 || r >= side || q < 0 || q >= side)
                       ? _mm512_setzero_si512()
                       : _mm512_cvtepu8_epi16(_mm256_loadu_si256((const __m256i *)(x + (r * side + q) * c)));
        }
#define OUT(i, value) t[i][j] = value
        SPREAD(d[0], d[1], d[2], d[3], OUT)
#undef OUT
    }
    for (int i = 0; i < 4; i++) {
#define OUT(j, value) \
    _mm256_store_si256( \
        (__m256i *)(v + (i * 4 + j) * plane), \
        _mm256_xor_si256( \
            _mm512_cvtsepi16_epi8( \
                _mm512_mulhrs_epi16(_mm512_slli_epi16(value, 5), _mm512_set1_epi16(ratios[i * 4 + j])) \
            ), \
            _mm256_set1_epi8(-128) \
        ) \
    )
        SPREAD(t[i][0], t[i][1], t[i][2], t[i][3], OUT)
#undef OUT
    }
}

/* R rows of tiles times V vectors of maps, as in winograd_lanes.h, in whole numbers; then what they are worth. */
INLINE void product(
    const uint8_t *v, const int8_t *u, const int32_t *offsets, const float *scales, float *m, long c, long stride,
    const int R, const int V
) {
    __m512i s[ROWS][2];
    for (int r = 0; r < R; r++)
        for (int i = 0; i < V; i++)
            s[r][i] = _mm512_loadu_si512(offsets + i * 16);
    const uint8_t *row[4];
    const int8_t *u1 = u + c * 16;
    for (int r = 0; r < (R + 2) / 3; r++)
        row[r] = v + 3 * r * c;
    for (long k = 0; k < c; k += 16) {
        for (int r = 0; r < (R + 2) / 3; r++)
            __asm__("" : "+r"(row[r]));
        __asm__("" : "+r"(u), "+r"(u1));
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) {
            __m512i a[2];
            a[0] = _mm512_load_si512(u + j * 64);
            if (V == 2)
                a[1] = _mm512_load_si512(u1 + j * 64);
#pragma clang loop unroll(full)
            for (int r = 0; r < R; r++) {
                int four;
                memcpy(&four, row[r / 3] + r % 3 * c + j * 4, 4);
                for (int i = 0; i < V; i++)
                    s[r][i] = _mm512_dpbusd_epi32(s[r][i], _mm512_set1_epi32(four), a[i]);
            }
        }
        for (int r = 0; r < (R + 2) / 3; r++)
            row[r] += 16;
        u += 256, u1 += 256;
    }
    for (int r = 0; r < R; r++)
        for (int i = 0; i < V; i++)
            _mm512_store_ps(
                m + r * stride + i * 16, _mm512_mul_ps(_mm512_cvtepi32_ps(s[r][i]), _mm512_loadu_ps(scales + i * 16))
            );
}

INLINE void products(
    const uint8_t *v, const int8_t *u, const int32_t *offsets, const float *scales, float *m, long tiles, long c,
    long stride, const int V
) {
    long t = 0;
    for (; t + ROWS <= tiles; t += ROWS)
        product(v + t * c, u, offsets, scales, m + t * stride, c, stride, ROWS, V);
    v += t * c, m += t * stride;
#define REST(R) \
    case R: \
        product(v, u, offsets, scales, m, c, stride, R, V); \
        break;
    switch (tiles - t) {
        REST(1)
        REST(2)
        REST(3)
        REST(4)
        REST(5)
        REST(6)
        REST(7)
        REST(8)
        REST(9)
        REST(10)
        REST(11)
    }
#undef REST
}

/* 16 vectors to 2 x 2 outputs of 16 maps. */
INLINE void gather(const struct bytes *a, const float *m, long plane, uint8_t *y, long o) {
    __m512 t[2][4];
    for (int j = 0; j < 4; j++) {
        const __m512 m0 = _mm512_load_ps(m + j * plane), m1 = _mm512_load_ps(m + (4 + j) * plane),
                     m2 = _mm512_load_ps(m + (8 + j) * plane), m3 = _mm512_load_ps(m + (12 + j) * plane);
        t[0][j] = _mm512_add_ps(m0, _mm512_add_ps(m1, m2));
        t[1][j] = _mm512_sub_ps(_mm512_sub_ps(m1, m2), m3);
    }
    const __m512 bias = _mm512_loadu_ps(a->bias + o);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) {
            uint8_t *p = y + (i * a->side + j) * a->oc;
            __m512 s = j == 0 ? _mm512_add_ps(t[i][0], _mm512_add_ps(t[i][1], t[i][2]))
                              : _mm512_sub_ps(_mm512_sub_ps(t[i][1], t[i][2]), t[i][3]);
            s = _mm512_add_ps(s, bias);
            if (a->old != 0)
                s = _mm512_fmadd_ps(
                    _mm512_set1_ps(a->old),
                    _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p))), s
                );
            _mm_storeu_si128(
                (__m128i *)p, _mm512_cvtusepi32_epi8(_mm512_cvtps_epi32(_mm512_max_ps(s, _mm512_setzero_ps())))
            );
        }
}

WIDE static void part(void *data) {
    const struct bytes *a = data;
    const long across = a->side / 2, image = across * across, all = a->images * image, maps = a->oc / a->parts,
               c = a->c, oc = a->oc;
    const long vplane = (a->share * c + 127) / 64 * 64, mplane = winograd_padded(a->share * maps);
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->units);
    uint8_t *v = a->scratch + me.thread * POINTS8 * (vplane + 4 * mplane);
    float *m = (float *)(v + POINTS8 * vplane);
    long done = -1;
    for (long unit = mine.from; unit < mine.to; unit++) {
        const long first = unit / a->parts * a->share, tiles = all - first < a->share ? all - first : a->share,
                   o = unit % a->parts * maps;
        if (done != first) {
            for (long t = 0; t < tiles; t++) {
                const long n = (first + t) / image, at = (first + t) % image, ty = at / across, tx = at % across;
                const uint8_t *x = a->x + n * a->side * a->side * c;
                const int edge = ty == 0 || tx == 0 || ty == across - 1 || tx == across - 1;
                for (long k = 0; k < c; k += 32) {
                    if (edge)
                        spread(x + k, 2 * ty - 1, 2 * tx - 1, 1, a->side, c, a->ratios, v + t * c + k, vplane);
                    else
                        spread(x + k, 2 * ty - 1, 2 * tx - 1, 0, a->side, c, a->ratios, v + t * c + k, vplane);
                }
            }
            done = first;
        }
        for (int p = 0; p < POINTS8; p++)
            for (long q = 0; q < maps; q += 32) {
                const long at = p * oc + o + q;
                if (maps - q > 16)
                    products(
                        v + p * vplane, a->u + at * c, a->offsets + at, a->scales + at, m + p * mplane + q, tiles, c,
                        maps, 2
                    );
                else
                    products(
                        v + p * vplane, a->u + at * c, a->offsets + at, a->scales + at, m + p * mplane + q, tiles, c,
                        maps, 1
                    );
            }
        for (long t = 0; t < tiles; t++) {
            const long n = (first + t) / image, at = (first + t) % image, ty = at / across, tx = at % across;
            uint8_t *y = a->y + ((n * a->side + 2 * ty) * a->side + 2 * tx) * oc + o;
            for (long q = 0; q < maps; q += 16)
                gather(a, m + t * maps + q, mplane, y + q, o + q);
        }
    }
}

static void plan(struct bytes *a) {
    winograd_cut(a->images * (a->side / 2) * (a->side / 2), a->oc, 16, &a->share, &a->parts, &a->units);
}

long winograd_u8_scratch(long images, long side, long c, long oc) {
    struct bytes a = {.images = images, .side = side, .c = c, .oc = oc};
    plan(&a);
    return omp_get_max_threads() * POINTS8 *
           ((a.share * c + 127) / 64 * 64 + 4 * winograd_padded(a.share * (oc / a.parts)));
}

void winograd_u8(
    const uint8_t *x, uint8_t *y, const int8_t *u, const int32_t *offsets, const float *scales, const float *bias,
    const int16_t *ratios, float old, void *scratch, long images, long side, long c, long oc
) {
    struct bytes a = {
        .x = x,
        .y = y,
        .u = u,
        .offsets = offsets,
        .scales = scales,
        .bias = bias,
        .ratios = ratios,
        .old = old,
        .scratch = scratch,
        .images = images,
        .side = side,
        .c = c,
        .oc = oc
    };
    plan(&a);
    share_out(part, &a);
}
