#include "kernels.h"
#include "pool.h"
#include <immintrin.h>

/* Bilinear doubling: pixel i of a line lies a quarter from low-resolution pixel i / 2, towards the one before it if i
 * is even, else the one behind; beyond a border lies the border. */

struct doubled {
    const float *x;
    float *y;
    long planes, low, lanes;
};

/* Where the other low-resolution pixel lies that pixel q of a line takes a quarter of. */
AVX2 static inline long beside(long q, long low) {
    return q % 2 ? (q / 2 + 1 < low ? q / 2 + 1 : q / 2) : (q > 0 ? q / 2 - 1 : 0);
}

/* A pixel between `here` and `there` on the nearer line and on the other. */
AVX2 static inline float between(const float *one, const float *two, long here, long there) {
    return 0.75f * (0.75f * one[here] + 0.25f * two[here]) + 0.25f * (0.75f * one[there] + 0.25f * two[there]);
}

/* Three quarters of one and a quarter of the other. */
AVX2 static inline __m256 mixed(__m256 one, __m256 two) {
    return _mm256_fmadd_ps(_mm256_set1_ps(0.75f), one, _mm256_mul_ps(_mm256_set1_ps(0.25f), two));
}

/* A line of single values, all but its ends by sixteens. */
AVX2 static void double_line(const float *one, const float *two, float *y, long low) {
    long q = 0;
    for (; q < 2; q++)
        y[q] = between(one, two, q / 2, beside(q, low));
    for (; q / 2 + 9 <= low; q += 16) {
        const float *a = one + q / 2, *b = two + q / 2;
        const __m256 here = mixed(_mm256_loadu_ps(a), _mm256_loadu_ps(b));
        const __m256 even = mixed(here, mixed(_mm256_loadu_ps(a - 1), _mm256_loadu_ps(b - 1)));
        const __m256 odd = mixed(here, mixed(_mm256_loadu_ps(a + 1), _mm256_loadu_ps(b + 1)));
        const __m256 low_halves = _mm256_unpacklo_ps(even, odd), high_halves = _mm256_unpackhi_ps(even, odd);
        _mm256_storeu_ps(y + q, _mm256_permute2f128_ps(low_halves, high_halves, 0x20));
        _mm256_storeu_ps(y + q + 8, _mm256_permute2f128_ps(low_halves, high_halves, 0x31));
    }
    for (; q < 2 * low; q++)
        y[q] = between(one, two, q / 2, beside(q, low));
}

AVX2 static void double_part(void *data) {
    const struct doubled a = *(const struct doubled *)data;
    const long big = 2 * a.low, L = a.lanes;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a.planes * big);
    for (long u = mine.from; u < mine.to; u++) {
        const long p = u / big, r = u % big;
        const float *one = a.x + (p * a.low + r / 2) * a.low * L,
                    *two = a.x + (p * a.low + beside(r, a.low)) * a.low * L;
        float *y = a.y + u * big * L;
        if (L == 1)
            double_line(one, two, y, a.low);
        else
            for (long q = 0; q < big; q++) {
                const long here = q / 2 * L, there = beside(q, a.low) * L;
                for (long l = 0; l < L; l++)
                    y[q * L + l] = between(one, two, here + l, there + l);
            }
    }
}

void double_f32(const float *x, float *y, long planes, long low, long lanes) {
    struct doubled a = {x, y, planes, low, lanes};
    share_out(double_part, &a);
}

AVX2 static void halve_part(void *data) {
    const struct doubled a = *(const struct doubled *)data;
    const long big = 2 * a.low, L = a.lanes;
    static const float share[4] = {0.25f, 0.75f, 0.75f, 0.25f};
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a.planes * a.low);
    for (long u = mine.from; u < mine.to; u++) {
        const long p = u / a.low, r = u % a.low;
        for (long q = 0; q < a.low; q++) {
            float *dx = a.y + (u * a.low + q) * L;
            for (long l = 0; l < L; l++)
                dx[l] = 0;
            for (long i = 0; i < 4; i++) {
                long row = 2 * r - 1 + i;
                row = row < 0 ? 0 : row >= big ? big - 1 : row;
                for (long j = 0; j < 4; j++) {
                    long column = 2 * q - 1 + j;
                    column = column < 0 ? 0 : column >= big ? big - 1 : column;
                    const float *g = a.x + ((p * big + row) * big + column) * L;
                    for (long l = 0; l < L; l++)
                        dx[l] += share[i] * share[j] * g[l];
                }
            }
        }
    }
}

void double_back_f32(const float *g, float *dx, long planes, long low, long lanes) {
    struct doubled a = {g, dx, planes, low, lanes};
    share_out(halve_part, &a);
}
