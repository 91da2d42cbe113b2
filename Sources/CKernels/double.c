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

AVX2 static void double_part(void *data) {
    const struct doubled a = *(const struct doubled *)data;
    const long big = 2 * a.low, L = a.lanes;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a.planes * big);
    for (long u = mine.from; u < mine.to; u++) {
        const long p = u / big, r = u % big, near = r / 2,
                   far = r % 2 ? (near + 1 < a.low ? near + 1 : near) : (near > 0 ? near - 1 : 0);
        const float *one = a.x + (p * a.low + near) * a.low * L, *two = a.x + (p * a.low + far) * a.low * L;
        float *y = a.y + u * big * L;
        for (long q = 0; q < big; q++) {
            const long here = q / 2 * L,
                       there = (q % 2 ? (q / 2 + 1 < a.low ? q / 2 + 1 : q / 2) : (q > 0 ? q / 2 - 1 : 0)) * L;
            for (long l = 0; l < L; l++)
                y[q * L + l] = 0.75f * (0.75f * one[here + l] + 0.25f * two[here + l]) +
                               0.25f * (0.75f * one[there + l] + 0.25f * two[there + l]);
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
