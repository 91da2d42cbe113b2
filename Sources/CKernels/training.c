#include "kernels.h"
#include "pool.h"
#include <immintrin.h>
#include <math.h>

struct pair {
    float *a;
    const float *b;
    long n;
};

AVX2 static void rectify_part(void *data) {
    const struct pair p = *(const struct pair *)data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, p.n / 8);
    for (long i = mine.from * 8; i < mine.to * 8; i += 8) {
        const __m256 open = _mm256_cmp_ps(_mm256_load_ps(p.b + i), _mm256_setzero_ps(), _CMP_GT_OQ);
        _mm256_store_ps(p.a + i, _mm256_and_ps(_mm256_load_ps(p.a + i), open));
    }
}
void rectify_backward_f32(float *g, const float *y, long n) {
    struct pair p = {g, y, n};
    share_out(rectify_part, &p);
}

AVX2 static void add_part(void *data) {
    const struct pair p = *(const struct pair *)data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, p.n / 8);
    for (long i = mine.from * 8; i < mine.to * 8; i += 8)
        _mm256_store_ps(p.a + i, _mm256_add_ps(_mm256_load_ps(p.a + i), _mm256_load_ps(p.b + i)));
}
void add_f32(float *a, const float *b, long n) {
    struct pair p = {a, b, n};
    share_out(add_part, &p);
}

struct pool {
    const float *x, *dp;
    float *dx;
    long planes, side, f, block;
    int accumulate;
};

AVX2 static void pool_part(void *data) {
    const struct pool a = *(const struct pool *)data;
    const long low = a.side / a.f, B = a.block;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a.planes * low);
    for (long u = mine.from; u < mine.to; u++)
        for (long j = 0; j < low; j++)
            for (long h = 0; h < B; h += 8) {
                const long at = (u * a.f * a.side + j * a.f) * B + h;
                __m256 most = _mm256_load_ps(a.x + at);
                for (long r = 0; r < a.f; r++)
                    for (long c = 0; c < a.f; c++)
                        most = _mm256_max_ps(most, _mm256_load_ps(a.x + at + (r * a.side + c) * B));
                __m256 left = _mm256_load_ps(a.dp + (u * low + j) * B + h); /* until its place is found */
                for (long r = 0; r < a.f; r++)
                    for (long c = 0; c < a.f; c++) {
                        const long i = at + (r * a.side + c) * B;
                        const __m256 here = _mm256_cmp_ps(_mm256_load_ps(a.x + i), most, _CMP_EQ_OQ),
                                     old = a.accumulate ? _mm256_load_ps(a.dx + i) : _mm256_setzero_ps();
                        _mm256_store_ps(a.dx + i, _mm256_add_ps(old, _mm256_and_ps(left, here)));
                        left = _mm256_andnot_ps(here, left);
                    }
            }
}
void pool_backward_f32(
    const float *x, const float *dp, float *dx, long planes, long side, long f, long block, int accumulate
) {
    struct pool a = {x, dp, dx, planes, side, f, block, accumulate};
    share_out(pool_part, &a);
}

struct loss {
    const float *logits;
    float *gradient;
    long pixels, stride, at;
    const uint8_t *mask;
    const float *map;
    float scale, a, b;
    double sum[MOST_THREADS][4];
};

static double total(const struct loss *a, int k) {
    double s = 0;
    for (int i = 0; i < MOST_THREADS; i++)
        s += a->sum[i][k];
    return s;
}

static void nll_part(void *data) {
    struct loss *a = data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->pixels);
    double s = 0, both = 0, predicted = 0, true_ = 0;
    for (long i = mine.from; i < mine.to; i++) {
        const float *l = a->logits + i * a->stride + a->at, z = l[1] - l[0], t = a->mask[i];
        const float e = expf(-fabsf(z)), p = z > 0 ? 1 / (1 + e) : e / (1 + e), g = (p - t) * a->scale;
        s += log1pf(e) + (z > 0 ? z : 0) - t * z;
        both += p * t;
        predicted += p;
        true_ += t;
        a->gradient[i * a->stride + a->at] = -g;
        a->gradient[i * a->stride + a->at + 1] = g;
    }
    double *out = a->sum[me.thread];
    out[0] = s, out[1] = both, out[2] = predicted, out[3] = true_;
}
double nll_f32(
    const float *logits, float *gradient, long pixels, long stride, long at, const uint8_t *target, float scale,
    double *sums
) {
    struct loss a = {
        .logits = logits,
        .gradient = gradient,
        .pixels = pixels,
        .stride = stride,
        .at = at,
        .mask = target,
        .scale = scale
    };
    share_out(nll_part, &a);
    if (sums)
        for (int k = 0; k < 3; k++)
            sums[k] = total(&a, k + 1);
    return total(&a, 0);
}

static void mse_part(void *data) {
    struct loss *a = data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->pixels);
    double s = 0;
    for (long i = mine.from; i < mine.to; i++) {
        const long k = i * a->stride + a->at;
        const float q = 1 / (1 + expf(-a->logits[k])), r = q - a->map[i];
        s += r * r;
        a->gradient[k] = 2 * r * q * (1 - q) * a->scale;
    }
    a->sum[me.thread][0] = s;
}
double
mse_f32(const float *logits, float *gradient, long pixels, long stride, long at, const float *target, float scale) {
    struct loss a = {
        .logits = logits,
        .gradient = gradient,
        .pixels = pixels,
        .stride = stride,
        .at = at,
        .map = target,
        .scale = scale
    };
    share_out(mse_part, &a);
    return total(&a, 0);
}

static void dice_part(void *data) {
    struct loss *a = data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a->pixels);
    for (long i = mine.from; i < mine.to; i++) {
        const float *l = a->logits + i * a->stride + a->at;
        float *g = a->gradient + i * a->stride + a->at;
        const float p = 1 / (1 + expf(l[0] - l[1])), d = (a->a - a->b * a->mask[i]) * p * (1 - p);
        g[0] -= d;
        g[1] += d;
    }
}
void dice_backward_f32(
    const float *logits, float *gradient, long pixels, long stride, long at, const uint8_t *target, float a, float b
) {
    struct loss l = {
        .logits = logits,
        .gradient = gradient,
        .pixels = pixels,
        .stride = stride,
        .at = at,
        .mask = target,
        .a = a,
        .b = b
    };
    share_out(dice_part, &l);
}

struct adam {
    float *w, *m, *v;
    const float *g;
    long n;
    float rate, c1, c2, keep, scale;
};

AVX2 static void adam_part(void *data) {
    const struct adam a = *(const struct adam *)data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a.n);
    const float b1 = 0.9f, b2 = 0.999f, step = a.rate / a.c1, root = 1 / sqrtf(a.c2);
    float *restrict w = a.w, *restrict m = a.m, *restrict v = a.v;
    const float *restrict g = a.g;
    for (long i = mine.from; i < mine.to; i++) {
        const float slope = a.scale * g[i];
        m[i] = b1 * m[i] + 0.1f * slope;
        v[i] = b2 * v[i] + 0.001f * slope * slope;
        w[i] = a.keep * w[i] - step * m[i] / (sqrtf(v[i]) * root + 1e-8f);
    }
}
void adam_f32(
    float *w, float *m, float *v, const float *g, long n, float rate, float c1, float c2, float decay, float scale
) {
    struct adam a = {w, m, v, g, n, rate, c1, c2, 1 - rate * decay, scale};
    share_out(adam_part, &a);
}

struct average {
    float *a;
    const float *w;
    long n;
    float share;
};

AVX2 static void average_part(void *data) {
    const struct average p = *(const struct average *)data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, p.n);
    for (long i = mine.from; i < mine.to; i++)
        p.a[i] += p.share * (p.w[i] - p.a[i]);
}
void average_f32(float *a, const float *w, long n, float share) {
    struct average p = {a, w, n, share};
    share_out(average_part, &p);
}

struct squares {
    const float *a;
    long n;
    double sum[MOST_THREADS];
};

static void squares_part(void *data) {
    struct squares *p = data;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, p->n);
    double s[8] = {0};
    long i = mine.from;
    for (; i + 8 <= mine.to; i += 8)
        for (int l = 0; l < 8; l++)
            s[l] += (double)p->a[i + l] * p->a[i + l];
    for (; i < mine.to; i++)
        s[0] += (double)p->a[i] * p->a[i];
    for (int l = 0; l < 8; l++)
        p->sum[me.thread] += s[l];
}
double squares_f32(const float *a, long n) {
    struct squares p = {.a = a, .n = n};
    share_out(squares_part, &p);
    double sum = 0;
    for (int i = 0; i < MOST_THREADS; i++)
        sum += p.sum[i];
    return sum;
}
