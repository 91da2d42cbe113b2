/* combine_f32's way with channels last, for bytes and for bf16. */
#include "kernels.h"
#include "pool.h"
#include <immintrin.h>

struct combine_s8 {
    const int8_t *p;
    int8_t *y;
    long oc, big, f;
    int ratio;
};

AVX2 static void combine_s8_part(void *data) {
    const struct combine_s8 a = *(const struct combine_s8 *)data;
    const long low = a.big / a.f, oc = a.oc;
    const __m256i zero = _mm256_setzero_si256(), ratio = _mm256_set1_epi16((short)a.ratio);
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a.big);
    for (long r = mine.from; r < mine.to; r++) {
        const int8_t *tap[3];
        for (int k = 0; k < 3; k++) {
            const long yy = r + k - 1;
            tap[k] = yy < 0 || yy >= a.big ? 0 : a.p + yy / a.f * low * 9 * oc + k * 3 * oc;
        }
        for (long c = 0; c < oc; c += 16) {
            /* As in combine_f32: column sums of the column before, here and after. */
            __m256i before = zero, left = zero, middle = zero, right = zero, next[3];
            for (long j = -1; j < low; j++) {
                for (int k = 0; k < 3; k++) {
                    next[k] = zero;
                    if (j + 1 < low)
                        for (int i = 0; i < 3; i++)
                            if (tap[i])
                                next[k] = _mm256_add_epi16(
                                    next[k],
                                    _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(tap[i] + (j + 1) * 9 * oc +
                                                                                           k * oc + c)))
                                );
                }
                if (j >= 0)
                    for (long k = 0; k < a.f; k++) {
                        __m256i v = _mm256_add_epi16(
                            middle, _mm256_add_epi16(k == 0 ? before : left, k == a.f - 1 ? next[2] : right)
                        );
                        v = _mm256_mulhrs_epi16(_mm256_slli_epi16(v, 3), ratio);
                        _mm_storeu_si128(
                            (__m128i *)(a.y + (r * a.big + j * a.f + k) * oc + c),
                            _mm_packs_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1))
                        );
                    }
                before = left;
                left = next[0];
                middle = next[1];
                right = next[2];
            }
        }
    }
}

void combine_s8(const int8_t *p, int8_t *y, long oc, long big, long f, int ratio) {
    struct combine_s8 a = {p, y, oc, big, f, ratio};
    share_out(combine_s8_part, &a);
}

struct combine_bf16 {
    const uint16_t *p;
    uint16_t *y;
    long oc, big, f;
};

AVX2 static inline __m256 widened(const uint16_t *p) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)), 16));
}

AVX2 static inline __m128i shortened(__m256 v) {
    const __m256i bits = _mm256_castps_si256(v),
                  odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i upper =
        _mm256_srli_epi32(_mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff))), 16);
    return _mm_packus_epi32(_mm256_castsi256_si128(upper), _mm256_extracti128_si256(upper, 1));
}

AVX2 static void combine_bf16_part(void *data) {
    const struct combine_bf16 a = *(const struct combine_bf16 *)data;
    const long low = a.big / a.f, oc = a.oc;
    const __m256 zero = _mm256_setzero_ps();
    const struct worker me = this_worker();
    const struct units mine = share_of(me, a.big);
    for (long r = mine.from; r < mine.to; r++) {
        const uint16_t *tap[3];
        for (int k = 0; k < 3; k++) {
            const long yy = r + k - 1;
            tap[k] = yy < 0 || yy >= a.big ? 0 : a.p + yy / a.f * low * 9 * oc + k * 3 * oc;
        }
        for (long c = 0; c < oc; c += 8) {
            __m256 before = zero, left = zero, middle = zero, right = zero, next[3];
            for (long j = -1; j < low; j++) {
                for (int k = 0; k < 3; k++) {
                    next[k] = zero;
                    if (j + 1 < low)
                        for (int i = 0; i < 3; i++)
                            if (tap[i])
                                next[k] = _mm256_add_ps(next[k], widened(tap[i] + (j + 1) * 9 * oc + k * oc + c));
                }
                if (j >= 0)
                    for (long k = 0; k < a.f; k++) {
                        const __m256 v = _mm256_add_ps(
                            middle, _mm256_add_ps(k == 0 ? before : left, k == a.f - 1 ? next[2] : right)
                        );
                        _mm_storeu_si128((__m128i *)(a.y + (r * a.big + j * a.f + k) * oc + c), shortened(v));
                    }
                before = left;
                left = next[0];
                middle = next[1];
                right = next[2];
            }
        }
    }
}

void combine_bf16(const uint16_t *p, uint16_t *y, long oc, long big, long f) {
    struct combine_bf16 a = {p, y, oc, big, f};
    share_out(combine_bf16_part, &a);
}
