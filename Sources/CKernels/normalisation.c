#include "kernels.h"
#include "pool.h"
#include <immintrin.h>
#include <math.h>

/* Sums are taken in double: divided by small deviations, fp32's rounding of a map's sum would show in the gradients. */

struct normalise {
    const float *x, *y, *scale_shift, *scale_shift_gradient, *mean, *variance, *added;
    float *to;
    double *sums, count;
    long images, c, plane, block;
    float epsilon, floor, ceiling;
    int given;
};

/* Unit u is one vector of 8 maps in one image; its values lie `block` apart. */
#define PLACE(a, u) \
    const long eighth = (u) % ((a)->c / 8), n = (u) / ((a)->c / 8), map = eighth * 8; \
    const long at = (n * ((a)->c / (a)->block) + map / (a)->block) * (a)->plane * (a)->block + map % (a)->block

AVX2 static inline void add_double(__m256d s[2], __m256 v) {
    s[0] = _mm256_add_pd(s[0], _mm256_cvtps_pd(_mm256_castps256_ps128(v)));
    s[1] = _mm256_add_pd(s[1], _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)));
}
AVX2 static inline void add_product(__m256d s[2], __m256 v, __m256 w) {
    const __m256d a = _mm256_cvtps_pd(_mm256_castps256_ps128(v)), b = _mm256_cvtps_pd(_mm256_castps256_ps128(w));
    const __m256d c = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)), d = _mm256_cvtps_pd(_mm256_extractf128_ps(w, 1));
    s[0] = _mm256_fmadd_pd(a, b, s[0]);
    s[1] = _mm256_fmadd_pd(c, d, s[1]);
}
AVX2 static inline void store_double(double *o, const __m256d s[2]) {
    _mm256_storeu_pd(o, s[0]);
    _mm256_storeu_pd(o + 4, s[1]);
}

/* sums: (images, 2, c). */
AVX2 static void statistics_part(void *data) {
    const struct normalise *a = data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->images * (a->c / 8));
    for (long u = mine.from; u < mine.to; u++) {
        PLACE(a, u);
        __m256d first[2] = {_mm256_setzero_pd(), _mm256_setzero_pd()},
                second[2] = {_mm256_setzero_pd(), _mm256_setzero_pd()};
        const float *x = a->x + at;
        for (long i = 0; i < a->plane; i++, x += a->block) {
            const __m256 v = _mm256_load_ps(x);
            add_double(first, v);
            add_product(second, v, v);
        }
        store_double(a->sums + (2 * n) * a->c + map, first);
        store_double(a->sums + (2 * n + 1) * a->c + map, second);
    }
}

AVX2 static void normalise_part(void *data) {
    const struct normalise *a = data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->images * (a->c / 8));
    for (long u = mine.from; u < mine.to; u++) {
        PLACE(a, u);
        float scale[8];
        for (int l = 0; l < 8; l++)
            scale[l] = (float)(a->scale_shift[map + l] / sqrt((double)a->variance[map + l] + a->epsilon));
        const __m256 s = _mm256_loadu_ps(scale), mean = _mm256_loadu_ps(a->mean + map),
                     shift = _mm256_loadu_ps(a->scale_shift + a->c + map);
        const float *x = a->x + at;
        const __m256 floor = _mm256_set1_ps(a->floor), ceiling = _mm256_set1_ps(a->ceiling);
        float *o = a->to + at;
        if (a->added) {
            const float *r = a->added + at;
            for (long i = 0; i < a->plane; i++, x += a->block, o += a->block, r += a->block)
                _mm256_store_ps(
                    o,
                    _mm256_add_ps(_mm256_load_ps(r), _mm256_fmadd_ps(_mm256_sub_ps(_mm256_load_ps(x), mean), s, shift))
                );
        } else
            for (long i = 0; i < a->plane; i++, x += a->block, o += a->block)
                _mm256_store_ps(
                    o,
                    _mm256_min_ps(
                        _mm256_max_ps(_mm256_fmadd_ps(_mm256_sub_ps(_mm256_load_ps(x), mean), s, shift), floor), ceiling
                    )
                );
    }
}

void normalise_sums_f32(const float *x, double *sums, long images, long c, long plane, long block) {
    struct normalise a = {.x = x, .sums = sums, .images = images, .c = c, .plane = plane, .block = block};
    share_out(statistics_part, &a);
}

void normalise_moments(const double *sums, long images, long c, long plane, float *mean, float *variance) {
    const double count = (double)(images * plane);
    for (long k = 0; k < c; k++) {
        double first = 0, second = 0;
        for (long n = 0; n < images; n++)
            first += sums[2 * n * c + k], second += sums[(2 * n + 1) * c + k];
        const double m = first / count;
        mean[k] = (float)m;
        variance[k] = (float)fmax(0, second / count - m * m);
    }
}

void normalise_f32(
    const float *x, const float *added, float *y, const float *scale_shift, const float *mean, const float *variance,
    long images, long c, long plane, long block, float epsilon, float floor, float ceiling
) {
    struct normalise a = {
        .x = x,
        .added = added,
        .to = y,
        .scale_shift = scale_shift,
        .mean = mean,
        .variance = variance,
        .images = images,
        .c = c,
        .plane = plane,
        .block = block,
        .epsilon = epsilon,
        .floor = floor,
        .ceiling = ceiling
    };
    share_out(normalise_part, &a);
}

/* sums: sum of g and of g (x - mean), g the gradient where the rectifier was open. */
AVX2 static void slopes_part(void *data) {
    const struct normalise *a = data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->images * (a->c / 8));
    for (long u = mine.from; u < mine.to; u++) {
        PLACE(a, u);
        __m256d first[2] = {_mm256_setzero_pd(), _mm256_setzero_pd()},
                second[2] = {_mm256_setzero_pd(), _mm256_setzero_pd()};
        const __m256 mean = _mm256_loadu_ps(a->mean + map), floor = _mm256_set1_ps(a->floor),
                     ceiling = _mm256_set1_ps(a->ceiling);
        const float *x = a->x + at, *y = a->y + at;
        float *g = a->to + at;
        for (long i = 0; i < a->plane; i++, x += a->block, y += a->block, g += a->block) {
            const __m256 out = _mm256_load_ps(y),
                         open = _mm256_and_ps(
                             _mm256_cmp_ps(out, floor, _CMP_GT_OQ), _mm256_cmp_ps(out, ceiling, _CMP_LT_OQ)
                         );
            const __m256 v = _mm256_and_ps(_mm256_load_ps(g), open);
            _mm256_store_ps(g, v);
            add_double(first, v);
            add_product(second, v, _mm256_sub_ps(_mm256_load_ps(x), mean));
        }
        store_double(a->sums + (2 * n) * a->c + map, first);
        store_double(a->sums + (2 * n + 1) * a->c + map, second);
    }
}

AVX2 static void normalise_backward_part(void *data) {
    const struct normalise *a = data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->images * (a->c / 8));
    for (long u = mine.from; u < mine.to; u++) {
        PLACE(a, u);
        float scale[8], slope[8], offset[8];
        for (int l = 0; l < 8; l++) {
            const double root = 1 / sqrt((double)a->variance[map + l] + a->epsilon), s = a->scale_shift[map + l] * root;
            scale[l] = (float)s;
            slope[l] = a->given ? 0 : (float)(s * root * a->scale_shift_gradient[map + l] / a->count);
            offset[l] = a->given ? 0 : (float)(s * a->scale_shift_gradient[a->c + map + l] / a->count);
        }
        const __m256 s = _mm256_loadu_ps(scale), k = _mm256_loadu_ps(slope), b = _mm256_loadu_ps(offset),
                     mean = _mm256_loadu_ps(a->mean + map);
        const float *x = a->x + at;
        float *g = a->to + at;
        for (long i = 0; i < a->plane; i++, x += a->block, g += a->block) {
            const __m256 v = _mm256_fmsub_ps(_mm256_load_ps(g), s, b);
            _mm256_store_ps(g, _mm256_fnmadd_ps(_mm256_sub_ps(_mm256_load_ps(x), mean), k, v));
        }
    }
}

void normalise_slopes_f32(
    const float *x, const float *y, float *g, const float *mean, double *sums, long images, long c, long plane,
    long block, float floor, float ceiling
) {
    struct normalise a = {
        .x = x,
        .y = y,
        .to = g,
        .mean = mean,
        .sums = sums,
        .images = images,
        .c = c,
        .plane = plane,
        .block = block,
        .floor = floor,
        .ceiling = ceiling
    };
    share_out(slopes_part, &a);
}

void normalise_gradient(
    const double *sums, long images, long c, const float *variance, float epsilon, float *scale_shift_gradient
) {
    for (long k = 0; k < c; k++) {
        double first = 0, second = 0;
        for (long n = 0; n < images; n++)
            first += sums[2 * n * c + k], second += sums[(2 * n + 1) * c + k];
        scale_shift_gradient[k] = (float)(second / sqrt((double)variance[k] + epsilon));
        scale_shift_gradient[c + k] = (float)first;
    }
}

void normalise_backward_f32(
    const float *x, float *g, const float *scale_shift, const float *scale_shift_gradient, const float *mean,
    const float *variance, long all, long images, long c, long plane, long block, float epsilon, int given
) {
    struct normalise a = {
        .x = x,
        .to = g,
        .scale_shift = scale_shift,
        .scale_shift_gradient = scale_shift_gradient,
        .mean = mean,
        .variance = variance,
        .count = (double)(all * plane),
        .images = images,
        .c = c,
        .plane = plane,
        .block = block,
        .epsilon = epsilon,
        .given = given
    };
    share_out(normalise_backward_part, &a);
}
