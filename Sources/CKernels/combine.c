#include "kernels.h"
#include "pool.h"
#include <immintrin.h>
#include <stdlib.h>

void kernels_set_threads(int threads) {
    if (threads > 0)
        omp_set_num_threads(threads < MOST_THREADS ? threads : MOST_THREADS);
}
int kernels_threads(void) { return most_threads(); }

struct combine {
    const float *p;
    float *y;
    long oc, big, f, block;
    int rectify;
};

AVX2 static void combine_part(void *data) {
    const struct combine a = *(const struct combine *)data;
    const long low = a.big / a.f, B = a.block, blocks = a.oc / B, plane = low * low * B;
    const __m256 zero = _mm256_setzero_ps(), floor = _mm256_set1_ps(a.rectify ? 0.0f : -__builtin_inff());
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a.big);
    for (long r = mine.from; r < mine.to; r++)
        for (long b = 0; b < blocks; b++)
            for (long h = 0; h < B; h += 8) {
                const float *tap[9];
                for (int k = 0; k < 9; k++) {
                    const long yy = r + k / 3 - 1;
                    tap[k] = yy < 0 || yy >= a.big ? 0 : a.p + (k * blocks + b) * plane + yy / a.f * low * B + h;
                }
                float *o = a.y + ((b * a.big + r) * a.big) * B + h;
                /* Column sums of the low-resolution column before, here and after: left tap, middle tap, right tap. */
                __m256 before = zero, left = zero, middle = zero, right = zero, next[3];
                for (long j = -1; j < low; j++) {
                    for (int k = 0; k < 3; k++) {
                        next[k] = zero;
                        if (j + 1 < low)
                            for (int i = 0; i < 9; i += 3)
                                if (tap[i + k])
                                    next[k] = _mm256_add_ps(next[k], _mm256_load_ps(tap[i + k] + (j + 1) * B));
                    }
                    if (j >= 0)
                        for (long k = 0; k < a.f; k++, o += B) {
                            const __m256 sides = _mm256_add_ps(k == 0 ? before : left, k == a.f - 1 ? next[2] : right);
                            const __m256 v = _mm256_add_ps(_mm256_load_ps(o), _mm256_add_ps(middle, sides));
                            _mm256_store_ps(o, _mm256_max_ps(v, floor));
                        }
                    before = left;
                    left = next[0];
                    middle = next[1];
                    right = next[2];
                }
            }
}

void combine_f32(const float *p, float *y, long oc, long big, long f, long block, int rectify) {
    struct combine a = {p, y, oc, big, f, block, rectify};
    share_out(combine_part, &a);
}

struct uncombine {
    const float *g;
    float *p, *scratch;
    long oc, big, f, block;
};

AVX2 static void uncombine_part(void *data) {
    const struct uncombine a = *(const struct uncombine *)data;
    const long low = a.big / a.f, B = a.block, blocks = a.oc / B, plane = low * low * B, row = (a.big + 2) * 8;
    const struct worker me = this_worker();
    const struct units mine = share_of(me, low * blocks);
    float *sums = a.scratch + me.thread * 3 * row;
    for (long u = mine.from; u < mine.to; u++) {
        const long b = u / low, y = u % low;
        for (long h = 0; h < B; h += 8) {
            for (int k = 0; k < 3; k++) {
                _mm256_store_ps(sums + k * row, _mm256_setzero_ps());
                _mm256_store_ps(sums + k * row + (a.big + 1) * 8, _mm256_setzero_ps());
            }
            /* Rows first: for each kernel row, the sum of the output rows that read low-resolution row y. */
            for (long c = 0; c < a.big; c++) {
                __m256 s[3] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
                for (long r = a.f * y - 1; r <= a.f * (y + 1); r++) {
                    if (r < 0 || r >= a.big)
                        continue;
                    const __m256 v = _mm256_load_ps(a.g + ((b * a.big + r) * a.big + c) * B + h);
                    const long k = r - a.f * y;
                    if (k >= 0 && k < a.f)
                        s[1] = _mm256_add_ps(s[1], v);
                    if (k >= 1)
                        s[0] = _mm256_add_ps(s[0], v);
                    if (k < a.f - 1)
                        s[2] = _mm256_add_ps(s[2], v);
                }
                for (int k = 0; k < 3; k++)
                    _mm256_store_ps(sums + k * row + (c + 1) * 8, s[k]);
            }
            /* Then columns. An output at c reads column c + kx - 1: so the sum for kx begins at 2 - kx in the padded
             * row. */
            for (int ky = 0; ky < 3; ky++)
                for (int kx = 0; kx < 3; kx++) {
                    float *o = a.p + ((ky * 3 + kx) * blocks + b) * plane + y * low * B + h;
                    const float *s = sums + ky * row + (2 - kx) * 8;
                    for (long j = 0; j < low; j++, s += a.f * 8) {
                        __m256 v = _mm256_load_ps(s);
                        for (long i = 1; i < a.f; i++)
                            v = _mm256_add_ps(v, _mm256_load_ps(s + i * 8));
                        _mm256_store_ps(o + j * B, v);
                    }
                }
        }
    }
}

void uncombine_f32(const float *g, float *p, long oc, long big, long f, long block) {
    struct uncombine a = {g, p, 0, oc, big, f, block};
    a.scratch = aligned_alloc(64, (size_t)omp_get_max_threads() * 3 * (size_t)(big + 2) * 32 / 64 * 64 + 64);
    if (!a.scratch)
        abort();
    share_out(uncombine_part, &a);
    free(a.scratch);
}
