#include "kernels.h"
#include "pool.h"
#include "winograd.h"

static void plan(struct upsampled *a, long block) {
    const long across = a->low / 2 + 1;
    winograd_cut(a->images * across * across, a->oc, block, &a->share, &a->parts, &a->units);
}

long upsampled_scratch(long images, long low, long c, long oc, long block) {
    struct upsampled a = {.images = images, .low = low, .c = c, .oc = oc};
    plan(&a, block);
    return omp_get_max_threads() * (9 * winograd_padded(a.share * c) + PRODUCTS * winograd_padded(a.share * (oc / a.parts)));
}

void upsampled_f32(const float *x, float *y, const float *u, float *scratch, long images, long low, long c, long oc, int rectify, long block) {
    struct upsampled a = {.x = x, .u = u, .y = y, .scratch = scratch, .images = images, .low = low, .c = c, .oc = oc, .rectify = rectify};
    plan(&a, block);
    GOMP_parallel(block == 8 ? upsampled_part_avx2 : upsampled_part_avx512, &a, 0, 0);
}

void upsampled_kernels_f32(const float *w, float *u, long c, long oc) {
    /* Which of a row's three numbers each of the five sums takes. */
    static const double sum[SUMS][3] = {{1, 1, 0}, {1, 0, 0}, {1, 1, 1}, {0, 0, 1}, {0, 1, 1}};
    for (long o = 0; o < oc; o++)
        for (long k = 0; k < c; k++)
            for (int p = 0; p < PRODUCTS; p++) {
                double s = 0;
                for (int t = 0; t < 9; t++) s += sum[p / SUMS][t / 3] * sum[p % SUMS][t % 3] * w[(o * c + k) * 9 + t];
                u[(p * oc + o / 16 * 16) * c + k * 16 + o % 16] = (float)s;
            }
}
